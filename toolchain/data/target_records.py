"""Targets that carry their conversation and where they come from: made by a teacher model, or by our own two steps, for dialogues of any source."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from toolchain import paths
from toolchain.adapters.files import adapter_hash
from toolchain.data.benchmark import Split, read_messages
from toolchain.data.pairs import Pair
from toolchain.data.record_file import Record, RecordFile
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition
from toolchain.text import Message


def target_record(
    id: str, split: Split, messages: Sequence[Message], reply_speaker: str | None, target: str, intermediate: str | None
) -> Record:
    """One record, without what all records of its file share (`composition`, `source`, `licence`, `teacher`, …)."""
    return {
        "id": id,
        "split": split,
        "conversation": [asdict(message) for message in messages],
        "reply_speaker": reply_speaker,
        "intermediate": intermediate,
        "target": target,
    }


def read_target_records(path: Path, composition: Composition) -> list[Record]:
    """The records of a file.

    Raises:
        ToolchainError: the file is missing, damaged, empty, another composition's, or made by other adapters than those that are there.
    """
    records = RecordFile(path, f"toolchain data two-step {composition.name}").read()
    if not records:
        raise ToolchainError(f"{path} holds no target: make it anew")
    if others := {record.get("composition") for record in records} - {composition.name}:
        raise ToolchainError(
            f"{path} is of {others.pop()}, not of {composition.name}: give the file of that composition"
        )
    made_by = {pair for record in records for pair in record.get("adapter_sha256", {}).items()}
    for task, digest in sorted(made_by):
        if adapter_hash(paths.ADAPTERS / task) != digest:
            raise ToolchainError(
                f"{path} was made by another {task} adapter than {paths.ADAPTERS / task}: "
                f"move it away and make it anew with `toolchain data two-step {composition.name}`"
            )
    return records


def target_pairs(records: Sequence[Record], split: Split) -> list[Pair]:
    """The records of one split as training pairs; empty targets are left out."""
    return [
        Pair(
            row["id"],
            read_messages(row["conversation"]),
            row["reply_speaker"],
            row["target"],
            row.get("intermediate"),
        )
        for row in records
        if row["split"] == split and row["target"]
    ]
