"""Outside dialogues in the layouts that they are published in; read where they lie, never committed."""

import csv
import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.data.benchmark import Split, read_messages
from toolchain.errors import ToolchainError
from toolchain.text import Message

_LINE = re.compile(r"\s*([^:\n]{1,60}?)\s*:\s*(.+)")
_SHARES = ((Split.TEST, 10), (Split.VALIDATION, 20), (Split.CALIBRATION, 100))


@dataclass(frozen=True)
class Dialogue:
    """A dialogue with what its source has of references; `summary` or `reply` (by `reply_speaker`, after `messages`) may be missing."""

    id: str
    messages: tuple[Message, ...]
    summary: str | None = None
    reply: str | None = None
    reply_speaker: str | None = None

    @property
    def split(self) -> Split:
        """Calibration (80 %), validation or test, by the id alone: the same in every run and on every machine."""
        percent = int.from_bytes(hashlib.sha256(self.id.encode()).digest()[:8]) % 100
        return next(split for split, bound in _SHARES if percent < bound)


@dataclass(frozen=True)
class Layout:
    """How a source is read, and its licence; None where the file's owner has to say it."""

    read: Callable[[Path], Iterator[Dialogue]]
    licence: str | None


def read_dialogues(path: Path, layout: str) -> list[Dialogue]:
    """All dialogues of a file that have at least one message.

    Raises:
        ToolchainError: the layout is unknown, or the file is missing or not of that layout.
    """
    if layout not in LAYOUTS:
        raise ToolchainError(f"unknown layout {layout!r}: choose from {', '.join(LAYOUTS)}")
    try:
        found = [dialogue for dialogue in LAYOUTS[layout].read(path) if dialogue.messages]
    except FileNotFoundError:
        raise ToolchainError(f"{path} is missing: give a file of layout {layout}") from None
    except (ValueError, LookupError, TypeError, AttributeError, csv.Error):
        raise ToolchainError(f"{path} is not of layout {layout}: choose from {', '.join(LAYOUTS)}") from None
    if len({dialogue.id for dialogue in found}) != len(found):
        raise ToolchainError(f"{path} names a dialogue twice: splits are by id, so ids must differ")
    return found


def messages_of(text: str) -> tuple[Message, ...]:
    """Lines of `Name: text`; a line without a name goes on with the message before it."""
    messages: list[Message] = []
    for line in text.splitlines():
        if match := _LINE.fullmatch(line):
            messages.append(Message(match[1].strip("#"), match[2].strip()))
        elif line.strip() and messages:
            messages[-1] = Message(messages[-1].speaker, f"{messages[-1].text} {line.strip()}")
    return tuple(messages)


def _json_lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        yield from (json.loads(line) for line in stream if line.strip())


def _ours(path: Path) -> Iterator[Dialogue]:
    for row in _json_lines(path):
        messages = read_messages(row["conversation"])
        yield Dialogue(str(row["id"]), messages, row.get("summary"), row.get("reply"), row.get("reply_speaker"))


def _samsum(path: Path) -> Iterator[Dialogue]:
    for row in json.loads(path.read_text(encoding="utf-8")):
        yield Dialogue(str(row["id"]), messages_of(row["dialogue"]), row["summary"])


def _dialogsum(path: Path) -> Iterator[Dialogue]:
    for row in _json_lines(path):
        yield Dialogue(row["fname"], messages_of(row["dialogue"]), row.get("summary") or row["summary1"])


def _persona_chat(path: Path) -> Iterator[Dialogue]:
    """The last message is the reply to those before it."""
    with path.open(encoding="utf-8", newline="") as stream:
        for number, row in enumerate(csv.DictReader(stream)):
            *before, last = messages_of(row["Best Generated Conversation"]) or [Message("", "")]
            yield Dialogue(f"{path.stem}.{number}", tuple(before), None, last.text, last.speaker)


LAYOUTS = {
    "jsonl": Layout(_ours, None),
    "samsum": Layout(_samsum, "CC BY-NC-ND 4.0"),
    "dialogsum": Layout(_dialogsum, "CC BY-NC-SA 4.0"),
    "synthetic-persona-chat": Layout(_persona_chat, "CC BY 4.0"),
}
