"""Put our parallel data under assets/benchmark, checked; afterwards everything reads assets only."""

import json
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.data.benchmark import CONVERSATIONS, ENGLISH, FILES, SINGLE_CONVERSATIONS, SINGLE_TEXTS, Split
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file, written_whole
from toolchain.tasks import AUXILIARY_TASKS

_VARIANTS = {ENGLISH, *AUXILIARY_TASKS}
_SPOKEN = {"id", "conversation", "reply_speaker", "summary", "reply"}
_KEYS = {CONVERSATIONS: _SPOKEN | {"split"}, SINGLE_CONVERSATIONS: _SPOKEN, SINGLE_TEXTS: {"id"} | _VARIANTS}


def build_benchmark(source: Path, target: Path = paths.BENCHMARK) -> dict[str, str]:
    """Copy the three files from `source` after checking ids, splits and variants; returns {file: sha256}.

    Raises:
        ToolchainError: a file or a field is missing, an id comes twice, a split is unknown or a variant is missing.
    """
    for name in FILES:
        if not (source / name).is_file():
            raise ToolchainError(f"{source / name} is missing: give the folder that holds {', '.join(FILES)}")
        _check_file(source / name)
    hashes = {}
    for name in FILES:
        with written_whole(target / name) as partial:
            partial.write_bytes((source / name).read_bytes())
        hashes[name] = sha256_file(target / name)
    return hashes


def _check_file(path: Path) -> None:
    seen: set[str] = set()
    for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), start=1):
        where = f"{path} line {number}"
        try:
            row = json.loads(line)
        except ValueError:
            row = None
        if not isinstance(row, dict):
            raise ToolchainError(f"{where}: no JSON object")
        if missing := _KEYS[path.name] - row.keys():
            raise ToolchainError(f"{where}: it lacks {', '.join(sorted(missing))}")
        if row["id"] in seen:
            raise ToolchainError(f"{where}: id {row['id']!r} comes twice")
        seen.add(row["id"])
        if path.name == CONVERSATIONS:
            _check_parallel(where, row)


def _check_parallel(where: str, row: dict[str, Any]) -> None:
    if row["split"] not in set(Split):
        raise ToolchainError(f"{where}: unknown split {row['split']!r}")
    for field in ("summary", "reply"):
        if missing := _VARIANTS - row[field].keys():
            raise ToolchainError(f"{where}: {field} lacks {', '.join(sorted(missing))}")
