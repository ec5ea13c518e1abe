"""Conversations without references: what a calibration can be distilled on. References that a source has are not looked at."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from toolchain.data.benchmark import (
    Conversation,
    Split,
    conversations,
    single_conversations,
    unlabelled_conversations,
)
from toolchain.data.dialogues import Dialogue
from toolchain.data.held_out import refuse_held_out
from toolchain.errors import ToolchainError
from toolchain.tasks import Task
from toolchain.text import Message, TextError, render_prompt

BENCHMARK_SOURCES: dict[str, Callable[[], list[Conversation]]] = {
    "single": single_conversations,
    "calibration": lambda: conversations(Split.CALIBRATION),
    "unlabelled": unlabelled_conversations,
}
"""Conversations of ours: those that no calibration is trained on otherwise (the main-task adapters are), those that all are, and those that
have no references."""


@dataclass(frozen=True)
class Unlabelled:
    """A conversation and what it may be used for: `Split.CALIBRATION` or `Split.VALIDATION`."""

    id: str
    messages: tuple[Message, ...]
    reply_speaker: str | None
    split: Split


Asked = TypeVar("Asked", Unlabelled, Dialogue)


def of_the_benchmark(source: str) -> list[Unlabelled]:
    """A source of `BENCHMARK_SOURCES` to train on, and the validation split's conversations to validate on.

    Raises:
        ToolchainError: a file is missing or damaged, or two conversations have one id: targets are kept by it.
    """
    training, validation = BENCHMARK_SOURCES[source](), conversations(Split.VALIDATION)
    known = {item.id for item in validation}
    if twice := next((item for item in training if item.id in known), None):
        raise ToolchainError(
            f"{twice.where}: id {twice.id!r} is of the validation split, too: give each conversation its own"
        )
    parts = ((Split.CALIBRATION, training), (Split.VALIDATION, validation))
    return [Unlabelled(item.id, item.messages, item.reply_speaker, split) for split, items in parts for item in items]


def of_dialogues(dialogues: Sequence[Dialogue]) -> list[Unlabelled]:
    """Outside dialogues, those of their test split left out.

    Raises:
        ToolchainError: one is a conversation of the benchmark that nothing may be trained on.
    """
    refuse_held_out((item.id, item.messages) for item in dialogues)
    return [
        Unlabelled(item.id, item.messages, item.reply_speaker, item.split)
        for item in dialogues
        if item.split is not Split.TEST
    ]


def first_of_each_split(items: Sequence[Unlabelled], limit: int | None) -> list[Unlabelled]:
    """The first `limit` conversations to train on and as many to validate on; None: all."""
    return [item for split in (Split.CALIBRATION, Split.VALIDATION) for item in _of(items, split)[:limit]]


def _of(items: Sequence[Unlabelled], split: Split) -> list[Unlabelled]:
    return [item for item in items if item.split is split]


def answerable(items: Sequence[Asked], main: Task, none: str, progress: Callable[[str], None]) -> list[Asked]:
    """Those that the main task can be asked about: with a text, and for replies somebody who could reply; how many others there are is told.

    Raises:
        ToolchainError: there is none; its sentence begins with `none`.
    """
    asked = [item for item in items if _can_be_asked(item, main)]
    if not asked:
        raise ToolchainError(f"{none} has a text and, for a reply, somebody who could give it: give other ones")
    if left_out := len(items) - len(asked):
        progress(f"{left_out} of {len(items)} conversations have no text, or nobody who could reply, and are left out")
    return asked


def _can_be_asked(item: Unlabelled | Dialogue, main: Task) -> bool:
    try:
        render_prompt(main.prompt, item.messages, item.reply_speaker)
    except TextError:
        return False
    return True
