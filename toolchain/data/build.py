"""Put our parallel data under assets/benchmark, checked; afterwards everything reads assets only."""

import json
from pathlib import Path

from toolchain import paths
from toolchain.data.benchmark import CONVERSATIONS, FILES, Split
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file, written_whole
from toolchain.tasks import AUXILIARY_TASKS


def build_benchmark(source: Path, target: Path = paths.BENCHMARK) -> dict[str, str]:
    """Copy the three files from `source` after checking ids, splits and variants; returns {file: sha256}.

    Raises:
        ToolchainError: a file is missing, an id comes twice, a split is unknown or a variant is missing.
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
        row = json.loads(line)
        if row["id"] in seen:
            raise ToolchainError(f"{path} line {number}: id {row['id']!r} comes twice")
        seen.add(row["id"])
        if path.name != CONVERSATIONS:
            continue
        if row["split"] not in set(Split):
            raise ToolchainError(f"{path} line {number}: unknown split {row['split']!r}")
        for field in ("summary", "reply"):
            if missing := {"en", *AUXILIARY_TASKS} - row[field].keys():
                raise ToolchainError(f"{path} line {number}: {field} lacks {', '.join(sorted(missing))}")
