"""The committed benchmark: parallel conversations and the extra single-task records (assets/benchmark)."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from toolchain import paths
from toolchain.errors import ToolchainError
from toolchain.text import Message

CONVERSATIONS = "conversations.jsonl"
SINGLE_CONVERSATIONS = "single_conversations.jsonl"
SINGLE_TEXTS = "single_texts.jsonl"
FILES = (CONVERSATIONS, SINGLE_CONVERSATIONS, SINGLE_TEXTS)

ENGLISH = "en"
_MAIN_FIELD = {"summarize": "summary", "reply": "reply"}


class Split(StrEnum):
    """Who may see a conversation: single-task training, calibration training, choices, or the report."""

    SINGLE = "single"
    CALIBRATION = "calibration"
    VALIDATION = "validation"
    TEST = "test"


@dataclass(frozen=True)
class Conversation:
    """A conversation with its references: `references[main task][variant]`, variant being `en` or an auxiliary task."""

    id: str
    messages: tuple[Message, ...]
    reply_speaker: str
    references: dict[str, dict[str, str]]


@dataclass(frozen=True)
class ParallelText:
    """A stand-alone text in English and in the variant of every auxiliary task."""

    id: str
    variants: dict[str, str]


def conversations(split: Split, folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """The parallel conversations of one split."""
    return [_conversation(row) for row in _rows(folder / CONVERSATIONS) if row["split"] == split]


def single_conversations(folder: Path = paths.BENCHMARK) -> list[Conversation]:
    """Further English conversations, for the main-task adapters only."""
    return [
        _conversation(row | {field: {ENGLISH: row[field]} for field in _MAIN_FIELD.values()})
        for row in _rows(folder / SINGLE_CONVERSATIONS)
    ]


def single_texts(folder: Path = paths.BENCHMARK) -> list[ParallelText]:
    """Stand-alone parallel texts, for the auxiliary-task adapters only."""
    return [
        ParallelText(row["id"], {key: value for key, value in row.items() if key not in ("id", "kind")})
        for row in _rows(folder / SINGLE_TEXTS)
    ]


def read_messages(rows: list[dict[str, str]]) -> tuple[Message, ...]:
    """Messages from their JSON form."""
    return tuple(Message(row["speaker"], row["text"]) for row in rows)


def _conversation(row: dict[str, Any]) -> Conversation:
    references = {main: row[field] for main, field in _MAIN_FIELD.items()}
    return Conversation(row["id"], read_messages(row["conversation"]), row["reply_speaker"], references)


def _rows(path: Path) -> Iterator[dict[str, Any]]:
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ToolchainError(f"{path} is missing: run `toolchain data build`") from None
    for line in text.splitlines():
        yield json.loads(line)
