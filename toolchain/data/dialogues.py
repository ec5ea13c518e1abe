"""Outside dialogues in the layouts that they are published in; read where they lie, never committed."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from toolchain.data.benchmark import Split
from toolchain.data.csv_rows import read_csv
from toolchain.data.json_lines import read_rows
from toolchain.data.row import Row
from toolchain.data.text_file import file_text
from toolchain.errors import ToolchainError
from toolchain.text import Message

_LONGEST_NAME = 60
_NAME = re.compile(r"\S+|[^a-z\s].*")
_HASHED = re.compile(r"#(\w+)#")
_SHARES = ((Split.TEST, 10), (Split.VALIDATION, 20), (Split.CALIBRATION, 100))


def percent_of(id: str) -> int:
    """0 to 99, by the id alone: what a share of all dialogues is cut by."""
    return int.from_bytes(hashlib.sha256(id.encode()).digest()[:8]) % 100


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
        return next(split for split, bound in _SHARES if percent_of(self.id) < bound)


@dataclass(frozen=True)
class Layout:
    """How a source is read, given what to do if it cannot be, and the licence of the data set that it is named after.

    None where the file's owner has to say it.
    """

    read: Callable[[Path, str], Iterator[Dialogue]]
    licence: str | None


def read_dialogues(path: Path, layout: str) -> list[Dialogue]:
    """All dialogues of a file that have at least one message.

    Raises:
        ToolchainError: the layout is unknown, or the file is missing, not of that layout, or without a dialogue.
    """
    if layout not in LAYOUTS:
        raise ToolchainError(f"unknown layout {layout!r}: choose from {', '.join(LAYOUTS)}")
    remedy = f"give a file of layout {layout}, or another --layout ({', '.join(LAYOUTS)})"
    found = [dialogue for dialogue in LAYOUTS[layout].read(path, remedy) if dialogue.messages]
    if not found:
        raise ToolchainError(f"{path} holds no dialogue with a message: {remedy}")
    if len({dialogue.id for dialogue in found}) != len(found):
        raise ToolchainError(f"{path} names a dialogue twice: splits are by id, so ids must differ")
    return found


def messages_of(text: str) -> tuple[Message, ...]:
    """Lines of `Name: text`; a line without a name goes on with the message before it.

    A name is one word, or begins with a capital or a sign, unless it is the first: "see you at 10:30" goes on.
    """
    messages: list[Message] = []
    for line in text.splitlines():
        before, _, said = line.partition(":")
        name = before.strip()
        if said and 0 < len(name) <= _LONGEST_NAME and (not messages or _NAME.fullmatch(name)):
            messages.append(Message(name, said.strip()))
        elif line.strip() and messages:
            messages[-1] = Message(messages[-1].speaker, f"{messages[-1].text} {line.strip()}")
    return tuple(messages)


def _ours(path: Path, remedy: str) -> Iterator[Dialogue]:
    for row in read_rows(path, remedy):
        summary, reply = row.optional_text("summary"), row.optional_text("reply")
        speaker = row.optional_text("reply_speaker")
        yield Dialogue(row.identifier("id"), row.messages("conversation"), summary, reply, speaker)


def _samsum(path: Path, remedy: str) -> Iterator[Dialogue]:
    for row in read_csv(path, remedy) if _is_csv(path) else _listed(path, remedy):
        yield Dialogue(row.identifier("id"), messages_of(row.text("dialogue")), row.optional_text("summary"))


def _listed(path: Path, remedy: str) -> Iterator[Row]:
    """The objects of a JSON list."""
    try:
        items = json.loads(file_text(path, remedy))
    except (ValueError, RecursionError):
        items = None
    if not isinstance(items, list):
        raise ToolchainError(f"{path} is no JSON list: {remedy}")
    for number, item in enumerate(items, start=1):
        if not isinstance(item, dict):
            raise ToolchainError(f"{path} item {number} is no JSON object: {remedy}")
        yield Row(f"{path} item {number}", item, remedy)


def _dialogsum(path: Path, remedy: str) -> Iterator[Dialogue]:
    """`#Person1#` is Person1, in the summary as in the dialogue."""
    for row in read_csv(path, remedy) if _is_csv(path) else read_rows(path, remedy):
        summary = row.optional_text("summary") or row.optional_text("summary1")
        spoken = messages_of(_HASHED.sub(r"\1", row.text("dialogue")))
        said = None if summary is None else _HASHED.sub(r"\1", summary)
        yield Dialogue(row.text("id" if "id" in row.fields else "fname"), spoken, said)


def _persona_chat(path: Path, remedy: str) -> Iterator[Dialogue]:
    """The message that begins the second half is the reply to the first half: the last one is most often a goodbye."""
    for number, row in enumerate(read_csv(path, remedy)):
        spoken = messages_of(row.text("Best Generated Conversation"))
        half = (len(spoken) + 1) // 2
        reply = next(iter(spoken[half:]), None)
        id, asked = f"{path.stem}.{number}", spoken[:half]
        yield Dialogue(id, asked, None, reply.text, reply.speaker) if reply else Dialogue(id, asked)


def _is_csv(path: Path) -> bool:
    """SAMSum and DialogSum are published as JSON; their copies on the hub are CSV."""
    return path.suffix == ".csv"


LAYOUTS = {
    "jsonl": Layout(_ours, None),
    "samsum": Layout(_samsum, "CC BY-NC-ND 4.0"),
    "dialogsum": Layout(_dialogsum, "CC BY-NC-SA 4.0"),
    "synthetic-persona-chat": Layout(_persona_chat, "CC BY 4.0"),
}
