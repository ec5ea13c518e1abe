"""The committed benchmark: parallel conversations and the extra single-task records (assets/benchmark)."""

from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.data.json_lines import read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS
from toolchain.text import Message

CONVERSATIONS = "conversations.jsonl"
SINGLE_CONVERSATIONS = "single_conversations.jsonl"
SINGLE_TEXTS = "single_texts.jsonl"
FILES = (CONVERSATIONS, SINGLE_CONVERSATIONS, SINGLE_TEXTS)
LICENCE_FILE = "LICENSE"
OURS = "CC BY 4.0"
"""The licence of the committed benchmark."""

ENGLISH = "en"
MAIN_FIELDS = {main: "summary" if main == "summarize" else main for main in MAIN_TASKS}
"""Where a conversation holds its references of a main task."""
_ADD = "add it to every line of that file, or do without that task"


class Split(StrEnum):
    """Who may see a conversation: single-task training, calibration training, choices, or the report."""

    SINGLE = "single"
    CALIBRATION = "calibration"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True)
class Conversation:
    """A conversation with its references: `references[main task][variant]`, variant being `en` or an auxiliary task.

    `reply_speaker` may be missing where no reply is asked for. `where` is its file and line.
    """

    id: str
    messages: tuple[Message, ...]
    reply_speaker: str | None
    references: dict[str, dict[str, str]]
    where: str = "the conversation"

    def reference(self, main: str, variant: str = ENGLISH) -> str:
        """The reference of a main task in one variant.

        Raises:
            ToolchainError: it is not there, because the task is newer than the benchmark.
        """
        variants = self.references.get(main, {})
        if variant not in variants:
            field = f"{MAIN_FIELDS.get(main, main)}.{variant}"
            raise ToolchainError(f"{self.where} has no {field}: {_ADD}")
        return variants[variant]


@dataclass(frozen=True)
class ParallelText:
    """A stand-alone text in English and in the variant of every auxiliary task."""

    id: str
    variants: dict[str, str]
    where: str = "the text"

    def variant(self, name: str) -> str:
        """The text in one variant.

        Raises:
            ToolchainError: it is not there, because the task is newer than the benchmark.
        """
        if name not in self.variants:
            raise ToolchainError(f"{self.where} has no {name}: {_ADD}")
        return self.variants[name]


def conversations(split: Split, folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """The parallel conversations of one split."""
    return [_conversation(row) for row in _rows(folder / CONVERSATIONS) if row.fields["split"] == split]


def single_conversations(folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """Further English conversations, for the main-task adapters only."""
    return [
        _conversation(replace(row, fields=row.fields | _in_english(row.fields)))
        for row in _rows(folder / SINGLE_CONVERSATIONS)
    ]


def single_texts(folder: Path = paths.BENCHMARK) -> list[ParallelText]:
    """Stand-alone parallel texts, for the auxiliary-task adapters only."""
    return [
        ParallelText(
            row.fields["id"],
            {variant: row.fields[variant] for variant in (ENGLISH, *AUXILIARY_TASKS) if variant in row.fields},
            row.where,
        )
        for row in _rows(folder / SINGLE_TEXTS)
    ]


def licences(folder: Path = paths.BENCHMARK) -> list[str]:
    """The licences of all its files: each line says its own where it is not ours."""
    return sorted({row.optional_text("licence") or OURS for name in FILES for row in _rows(folder / name)})


def read_messages(rows: list[dict[str, str]]) -> tuple[Message, ...]:
    """Messages from their JSON form."""
    return tuple(Message(row["speaker"], row["text"]) for row in rows)


def _in_english(fields: dict[str, Any]) -> dict[str, dict[str, str]]:
    return {field: {ENGLISH: fields[field]} for field in MAIN_FIELDS.values() if field in fields}


def _conversation(row: Row) -> Conversation:
    fields = row.fields
    references = {main: fields[field] for main, field in MAIN_FIELDS.items() if field in fields}
    messages = read_messages(fields["conversation"])
    return Conversation(fields["id"], messages, fields.get("reply_speaker"), references, row.where)


def _rows(path: Path) -> list[Row]:
    return read_rows(path, "run `toolchain data build`")
