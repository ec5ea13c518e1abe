"""Targets that carry their conversation and where they come from: made by a teacher model, or by our own two steps, for dialogues of any source."""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from toolchain.adapters.files import refuse_other_adapters
from toolchain.base_model import specification
from toolchain.base_model.made_for import refuse_of_another_base
from toolchain.data.benchmark import Split, refuse_repeated_ids
from toolchain.data.pairs import Pair
from toolchain.data.record_file import Record, RecordFile
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition, Task
from toolchain.text import Message, TextError, render_prompt


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


def read_target_records(path: Path, composition: Composition, command: str) -> list[Record]:
    """The records of a file; `command` makes one, for messages.

    Raises:
        ToolchainError: the file is missing, damaged, empty, another composition's, or made by other adapters than those that are there, or on
            another base; or an id comes twice, a record lacks a field, or its conversation is none that the main task can be asked about.
    """
    records = RecordFile(path, command).read()
    if not records:
        raise ToolchainError(f"{path} holds no target: make it anew")
    remedy = "move the file away and make it anew"
    rows = [Row(f"{path} line {number}", record, remedy) for number, record in enumerate(records, start=1)]
    if others := {row.text("composition") for row in rows} - {composition.name}:
        raise ToolchainError(
            f"{path} is of {others.pop()}, not of {composition.name}: give the file of that composition"
        )
    refuse_repeated_ids(rows)
    for row in rows:
        _check(row, composition.tasks[0])
    anew = f"move it away and make it anew with `{command}`"
    makers = [row.texts("adapter_sha256") for row in rows if "adapter_sha256" in row.fields]
    refuse_other_adapters(path, makers, composition.ids, anew)
    if answered := [record for record in records if "base_sha256" in record]:
        base = specification.base_model()
        for record in answered:
            refuse_of_another_base(path, record, base, anew)
    return records


def _check(row: Row, main: Task) -> None:
    row.choice("split", tuple(Split))
    for field in ("source", "licence", "target"):
        row.text(field)
    if not row.fields["licence"].strip():
        raise ToolchainError(f"{row.where}: licence is blank, not the name of one: {row.remedy}")
    row.optional_text("intermediate")
    try:
        render_prompt(main.prompt, row.messages("conversation"), row.optional_text("reply_speaker"))
    except TextError as error:
        raise ToolchainError(f"{row.where}: {error}; {row.remedy}") from None


def messages_of_record(record: Record) -> tuple[Message, ...]:
    """The conversation of a record, which was checked when it was read."""
    return Row(f"record {record['id']}", record, "make its file anew").messages("conversation")


def target_pairs(records: Sequence[Record], split: Split) -> list[Pair]:
    """The records of one split as training pairs; empty targets are left out."""
    return [
        Pair(
            row["id"],
            messages_of_record(row),
            row.get("reply_speaker"),
            row["target"],
            row.get("intermediate"),
        )
        for row in records
        if row["split"] == split and row["target"]
    ]
