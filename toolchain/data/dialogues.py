"""Outside dialogues in the layouts that they are published in; read where they lie, never committed."""

import hashlib
import json
import re
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from toolchain.console import chosen
from toolchain.data.benchmark import Split
from toolchain.data.csv_rows import read_csv
from toolchain.data.held_out import what_is_said
from toolchain.data.json_lines import read_rows
from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.text import Message
from toolchain.text_file import file_text

_LONGEST_NAME = 60
_NAME = re.compile(r"[^\s,!?;\"/]+|[^a-z\s,!?;\"/][^,!?;\"/]*")
_NAME_ALONE = re.compile(r"[^a-z\s,!?;\"/][^\s,!?;\"/]*")
_NO_SPEECH = re.compile(r"[^:]*\d:\d|[^:]*://")
"""A line whose first colon is that of a time of day, or of an address."""
_HASHED = re.compile(r"#(\w+)#")
_SUMMARIES = ("summary", "summary1", "summary2", "summary3")
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


def read_dialogues(path: Path, layout: str, progress: Callable[[str], None] = lambda _line: None) -> list[Dialogue]:
    """All dialogues of a file that have at least one message; of several that say the same the first, or splits by id would share them.

    What that one lacks of references it has from those after it.

    Raises:
        ToolchainError: the layout is unknown, or the file is missing, not of that layout, or without a dialogue.
    """
    read = LAYOUTS[chosen(LAYOUTS, "layout", layout)].read
    remedy = f"give a file of layout {layout}, or another --layout ({', '.join(LAYOUTS)})"
    every = list(read(path, remedy))
    found = [dialogue for dialogue in every if dialogue.messages]
    if not found:
        raise ToolchainError(f"{path} holds no dialogue with a message: {remedy}")
    if left_out := len(every) - len(found):
        progress(f"{left_out} of {len(every)} dialogues have no message and are left out")
    different: dict[str, Dialogue] = {}
    for dialogue in found:
        says = what_is_said(dialogue.messages)
        different[says] = _completed(different[says], dialogue) if says in different else dialogue
    if left_out := len(found) - len(different):
        progress(f"{left_out} of {len(found)} dialogues say what one before them says and are left out")
    if twice := [id for id, times in Counter(item.id for item in different.values()).items() if times > 1]:
        raise ToolchainError(f"{path} names dialogue {twice[0]!r} twice: splits are by id, give each one of its own")
    return list(different.values())


def _completed(first: Dialogue, later: Dialogue) -> Dialogue:
    """`first` with the summary that it lacks, and the reply with who gives it, from one that says the same."""
    if not _has_text(first.summary):
        first = replace(first, summary=later.summary)
    if not _has_text(first.reply) and _has_text(later.reply):
        first = replace(first, reply=later.reply, reply_speaker=later.reply_speaker)
    return first


def _has_text(reference: str | None) -> bool:
    return bool(reference and reference.strip())


def messages_of(text: str) -> tuple[Message, ...]:
    """Lines of `Name: text`; a line without a name goes on with the message before it, and a message without a text is none.

    A name begins several lines, or is one word, or begins with a capital or a sign, unless it is the first; alone in its line, what is
    said in those below, it is one word that begins with a capital or a sign, unless it is the first or begins several. Neither a time nor an
    address has a name before its colon: "see you at 10:30" goes on, and so does "https://…". What comes before the first name is nobody's, and
    left out. Some data sets mark names with a star.
    """
    lines = [(*_parted(line), line) for line in text.splitlines()]
    begun = Counter(name for name, _, line in lines if name and not _NO_SPEECH.match(line))
    names = {name for name, times in begun.items() if times > 1}
    messages: list[Message] = []
    for name, said, line in lines:
        may_begin = name and not _NO_SPEECH.match(line)
        if name in names or (may_begin and (not messages or (_NAME if said else _NAME_ALONE).fullmatch(name))):
            names.add(name)
            messages.append(Message(name, said))
        elif line.strip() and messages:
            before_it = messages[-1]
            messages[-1] = Message(before_it.speaker, f"{before_it.text} {line.strip()}".lstrip())
    return tuple(message for message in messages if message.text)


def _parted(line: str) -> tuple[str, str]:
    """What may be a name, empty where nothing before a colon is short enough, and what is said behind the colon."""
    before, colon, said = line.partition(":")
    name = before.strip().removeprefix("*").strip()
    return name if colon and len(name) <= _LONGEST_NAME else "", said.strip()


def _ours(path: Path, remedy: str) -> Iterator[Dialogue]:
    for row in read_rows(path, remedy):
        summary, reply = row.optional_text("summary"), row.optional_text("reply")
        speaker = row.optional_text("reply_speaker")
        yield Dialogue(row.identifier("id"), row.messages("conversation"), summary, reply, speaker)


def _samsum(path: Path, remedy: str) -> Iterator[Dialogue]:
    for row in _rows(path, remedy):
        yield Dialogue(row.identifier("id"), messages_of(_spoken(row)), row.optional_text("summary"))


def _spoken(row: Row) -> str:
    """The dialogue; of one that was lost (null), nothing."""
    return row.text("dialogue") if row.fields.get("dialogue", "") is not None else ""


def _rows(path: Path, remedy: str) -> Iterator[Row]:
    """The rows of CSV, which copies on the hub are, else the objects of a JSON list or of JSON Lines."""
    if path.suffix.lower() == ".csv":
        yield from read_csv(path, remedy)
    elif file_text(path, remedy).lstrip().startswith("["):
        yield from _listed(path, remedy)
    else:
        yield from read_rows(path, remedy)


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
    """`#Person1#` is Person1, in the summary as in the dialogue; the test split has several summaries, of which the first with a text is taken."""
    for row in _rows(path, remedy):
        summary = next(filter(_has_text, map(row.optional_text, _SUMMARIES)), None)
        spoken = messages_of(_HASHED.sub(r"\1", _spoken(row)))
        said = None if summary is None else _HASHED.sub(r"\1", summary)
        yield Dialogue(row.identifier("id" if "id" in row.fields else "fname"), spoken, said)


def _persona_chat(path: Path, remedy: str) -> Iterator[Dialogue]:
    """The message that begins the second half is the reply to the first half: the last one is most often a goodbye.

    Ids, which the data set has none of, are made of what is said, so that a copy of the file under another name has the same splits.
    """
    for row in read_csv(path, remedy):
        said = row.text("Best Generated Conversation")
        spoken = messages_of(said)
        half = (len(spoken) + 1) // 2
        reply = next(iter(spoken[half:]), None)
        id, asked = hashlib.sha256(said.encode()).hexdigest()[:16], spoken[:half]
        yield Dialogue(id, asked, None, reply.text, reply.speaker) if reply else Dialogue(id, asked)


LAYOUTS = {
    "jsonl": Layout(_ours, None),
    "samsum": Layout(_samsum, "CC BY-NC-ND 4.0"),
    "dialogsum": Layout(_dialogsum, "CC BY-NC-SA 4.0"),
    "synthetic-persona-chat": Layout(_persona_chat, "CC BY 4.0"),
}
