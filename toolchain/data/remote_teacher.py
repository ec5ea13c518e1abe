"""Compositional targets by a larger model: the English reference goes through the auxiliary tasks one by one (arXiv 2507.16083, section 3)."""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from toolchain.data.benchmark import Split, read_messages
from toolchain.data.dialogues import Dialogue
from toolchain.data.endpoint import Endpoint
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition
from toolchain.text import fill, trim

_MAX_TOKENS = 256
_ONLY = "\n\nAnswer with the result alone."


def make_targets(
    dialogues: Sequence[Dialogue],
    composition: Composition,
    endpoint: Endpoint,
    out: Path,
    origin: dict[str, str],
    progress: Callable[[str], None],
) -> int:
    """Append one record for each dialogue that has a reference and no record yet; returns how many were made.

    A record carries `origin` (source, licence), the teacher and its split, so that nothing is used where it may not be.
    """
    main = composition.ids[0]
    done = {row["id"] for row in _records(out)} if out.is_file() else set()
    waiting = [item for item in dialogues if item.id not in done and _reference(item, main)]
    progress(f"{composition.name}: {len(waiting)} targets to make, {len(done)} are there")
    out.parent.mkdir(parents=True, exist_ok=True)
    with out.open("a", encoding="utf-8") as stream:
        for item in waiting:
            text = _reference(item, main) or ""
            for task in composition.tasks[1:]:
                text = trim(endpoint.chat(fill(task.prompt, text, None) + _ONLY, _MAX_TOKENS).text)
            record: dict[str, Any] = {
                "id": item.id,
                "split": item.split,
                "composition": composition.name,
                "conversation": [asdict(message) for message in item.messages],
                "reply_speaker": item.reply_speaker,
                "target": text,
                **origin,
                "teacher": endpoint.model,
            }
            stream.write(json.dumps(record, ensure_ascii=False) + "\n")
            stream.flush()
    return len(waiting)


def target_pairs(path: Path, composition: Composition, split: Split) -> list[Pair]:
    """The records of one composition and split as training pairs; empty targets are left out.

    Raises:
        ToolchainError: the file is missing or damaged.
    """
    return [
        Pair(row["id"], read_messages(row["conversation"]), row["reply_speaker"], row["target"])
        for row in _records(path)
        if row["composition"] == composition.name and row["split"] == split and row["target"]
    ]


def _reference(item: Dialogue, main: str) -> str | None:
    return item.reply if main == "reply" else item.summary


def _records(path: Path) -> list[dict[str, Any]]:
    """All records; the last line is dropped, and cut off, where a killed run left half of it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        raise ToolchainError(f"{path} is missing: make it with `toolchain data targets`") from None
    whole = content[: content.rfind(b"\n") + 1]
    if whole != content:
        path.write_bytes(whole)
    try:
        return [json.loads(line) for line in whole.decode("utf-8").splitlines()]
    except ValueError:
        raise ToolchainError(f"{path} is not JSON Lines: move it away and make it again") from None
