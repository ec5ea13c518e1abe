"""The committed benchmark: parallel conversations and the extra single-task records (assets/benchmark)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.data.json_lines import read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS
from toolchain.text import Message, normalise_conversation

CONVERSATIONS = "conversations.jsonl"
SINGLE_CONVERSATIONS = "single_conversations.jsonl"
SINGLE_TEXTS = "single_texts.jsonl"
UNLABELLED_CONVERSATIONS = "unlabelled_conversations.jsonl"
FURTHER_CONVERSATIONS = "further_conversations.jsonl"
"""Which a benchmark may do without: to distil on, and with references to train more on."""
FILES = (CONVERSATIONS, SINGLE_CONVERSATIONS, SINGLE_TEXTS)
LICENCE_FILE = "LICENSE"
OURS = "CC BY 4.0"
"""The licence of the committed benchmark."""
UNSTATED = "not stated"
"""The licence of a line that says none."""

ENGLISH = "en"
MAIN_FIELDS = {main: "summary" if main == "summarize" else main for main in MAIN_TASKS}
"""Where a conversation holds its references of a main task."""
_MADE_BY = "make it with `toolchain data build` or `data assemble`"
_PARALLEL = "give JSON lines with an id, the text as `en`, and its variants under the ids of their tasks"
_DISTIL_ON = "put conversations there (JSON lines with `id`, `conversation` and, for replies, `reply_speaker`), or take another --source"
_MORE = "put conversations there like those of the calibration split, or do without --further"
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
    """A stand-alone text in English and in the variants of auxiliary tasks."""

    id: str
    variants: dict[str, str]
    licence: str | None = None


def conversations(split: Split, folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """The parallel conversations of one split.

    Raises:
        ToolchainError: the file is missing, empty or damaged, or an id comes twice: answers are kept by it.
    """
    rows = _unique_rows(folder / CONVERSATIONS)
    if not rows:
        raise ToolchainError(f"{folder / CONVERSATIONS} holds no conversation: {_MADE_BY}")
    return [_conversation(row) for row in _of_split(rows, split)]


def refuse_repeated_ids(rows: Sequence[Row]) -> None:
    """See that no two lines of a file have one id.

    Raises:
        ToolchainError: two have.
    """
    seen: set[str] = set()
    for row in rows:
        id = row.text("id")
        if id in seen:
            raise ToolchainError(f"{row.where}: id {id!r} comes twice: give each line its own")
        seen.add(id)


def single_conversations(folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """Further English conversations, for the main-task adapters only.

    Raises:
        ToolchainError: the file is missing or damaged, or an id comes twice.
    """
    rows = _unique_rows(folder / SINGLE_CONVERSATIONS)
    return [_conversation(replace(row, fields=row.fields | _in_english(row.fields))) for row in rows]


def unlabelled_conversations(folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """English conversations without references, to distil on; no adapter has seen them.

    Raises:
        ToolchainError: the benchmark has none, the file is damaged, or an id comes twice.
    """
    return [_conversation(row) for row in _unique_rows(folder / UNLABELLED_CONVERSATIONS, _DISTIL_ON)]


def further_conversations(folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """More conversations with references, like those of the calibration split, whatever split a line names.

    Raises:
        ToolchainError: the benchmark has none, the file is empty or damaged, or an id comes twice.
    """
    rows = _unique_rows(folder / FURTHER_CONVERSATIONS, _MORE)
    if not rows:
        raise ToolchainError(f"{folder / FURTHER_CONVERSATIONS} holds no conversation: {_MORE}")
    return [_conversation(row) for row in rows]


def further_licences(folder: Path = paths.BENCHMARK) -> list[str]:
    """What its lines say, as of `licences`."""
    return _stated(read_rows(folder / FURTHER_CONVERSATIONS, _MORE))


def single_texts(folder: Path = paths.BENCHMARK) -> list[ParallelText]:
    """Stand-alone parallel texts, for the auxiliary-task adapters only."""
    return _parallel_texts(_unique_rows(folder / SINGLE_TEXTS))


def parallel_texts(path: Path) -> list[ParallelText]:
    """The texts of another file that is like `single_texts.jsonl`.

    Raises:
        ToolchainError: it is missing or damaged, a text is blank, or an id comes twice: which text validates is chosen by it.
    """
    return _parallel_texts(_unique_rows(path, _PARALLEL))


def _parallel_texts(rows: list[Row]) -> list[ParallelText]:
    variants = (ENGLISH, *AUXILIARY_TASKS)
    return [
        ParallelText(
            row.text("id"),
            {key: row.filled(key) for key in variants if key in row.fields},
            row.optional_text("licence"),
        )
        for row in rows
    ]


def files_of(folder: Path = paths.BENCHMARK) -> list[str]:
    """Those that every benchmark has, and what this one has beside them."""
    return [*FILES, *([UNLABELLED_CONVERSATIONS] if (folder / UNLABELLED_CONVERSATIONS).exists() else [])]


def licences(folder: Path = paths.BENCHMARK) -> list[str]:
    """The licences of all its files: each line says its own where it is not ours; a blank one states none."""
    return _stated(row for name in files_of(folder) for row in _rows(folder / name))


def foreign_licences(split: Split, folder: Path = paths.BENCHMARK) -> list[str]:
    """Those, other than ours, of a split's conversations and, for `Split.SINGLE`, of what is there for single tasks alone."""
    rows = _of_split(_rows(folder / CONVERSATIONS), split)
    if split is Split.SINGLE:
        rows += [row for name in (SINGLE_CONVERSATIONS, SINGLE_TEXTS) for row in _rows(folder / name)]
    return sorted({*_stated(rows)} - {OURS})


def spoken_messages(row: Row) -> tuple[Message, ...]:
    """The messages of a conversation.

    Raises:
        ToolchainError: none has a text, or they are no messages.
    """
    messages = row.messages("conversation")
    if not normalise_conversation(messages):
        raise ToolchainError(f"{row.where}: conversation has no message with a text: {row.remedy}")
    return messages


def _in_english(fields: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {field: {ENGLISH: fields[field]} for field in MAIN_FIELDS.values() if field in fields}


def _conversation(row: Row) -> Conversation:
    references = {main: row.texts(field) for main, field in MAIN_FIELDS.items() if field in row.fields}
    speaker = row.optional_text("reply_speaker")
    return Conversation(row.text("id"), spoken_messages(row), speaker, references, row.where)


def _stated(rows: Iterable[Row]) -> list[str]:
    return stated_licences_of((row.optional_text("licence") for row in rows), OURS)


def stated_licences_of(said: Iterable[str | None], unsaid: str) -> list[str]:
    """The licences that lines say, each once: a line that says none counts as `unsaid`, a blank one states none."""
    return sorted({unsaid if licence is None else licence.strip() or UNSTATED for licence in said})


def _of_split(rows: Iterable[Row], split: Split) -> list[Row]:
    return [row for row in rows if row.choice("split", tuple(Split)) == split]


def _rows(path: Path) -> list[Row]:
    return read_rows(path, _MADE_BY)


def _unique_rows(path: Path, remedy: str = _MADE_BY) -> list[Row]:
    rows = read_rows(path, remedy)
    refuse_repeated_ids(rows)
    return rows
