"""The conversations that nothing is trained on: the benchmark's validation and test splits."""

import unicodedata
from collections.abc import Iterable, Sequence
from pathlib import Path

from toolchain import paths
from toolchain.data.benchmark import Conversation, Split, conversations
from toolchain.errors import ToolchainError
from toolchain.text import Message, normalise, normalise_conversation, render

HELD_OUT = (Split.VALIDATION, Split.TEST)


def refuse_held_out(dialogues: Iterable[tuple[str, Sequence[Message]]]) -> None:
    """See that none of the dialogues, each an id and its messages, says what one of them says.

    Raises:
        ToolchainError: one does.
    """
    named = ((f"dialogue {id}", messages) for id, messages in dialogues)
    refuse_said_in(HELD_OUT, named, "take it out, nothing is trained on those")


def refuse_said_in(splits: Iterable[Split], dialogues: Iterable[tuple[str, Sequence[Message]]], remedy: str) -> None:
    """See that none of the dialogues, each what a message calls it and its messages, says what a conversation of these splits says.

    Raises:
        ToolchainError: one does; `remedy` says what to do.
    """
    known = said_in(*splits)
    for name, messages in dialogues:
        if found := known.get(what_is_said(messages)):
            raise ToolchainError(f"{name} is conversation {found}: {remedy}")


def refuse_held_out_references(
    path: Path, texts: Iterable[tuple[str, Iterable[str]]], variants: Iterable[str], benchmark: Path = paths.BENCHMARK
) -> None:
    """See that no text of a file, each an id and what it says, says what one of their references in one of `variants` says.

    Raises:
        ToolchainError: one does.
    """
    held_out = {
        _letters(normalise(reference[written])): _named(item, split)
        for split in HELD_OUT
        for item in conversations(split, benchmark)
        for reference in item.references.values()
        for written in reference.keys() & set(variants)
    }
    for id, said in texts:
        if found := next((held_out[text] for text in map(_letters, map(normalise, said)) if text in held_out), None):
            raise ToolchainError(
                f"{path}: text {id} is a reference of conversation {found}: take it out, nothing is trained on those"
            )


def said_in(*splits: Split) -> dict[str, str]:
    """What is said in the conversations of these splits, with the words that say which each is."""
    return {what_is_said(item.messages): _named(item, split) for split in splits for item in conversations(split)}


def what_is_said(messages: Sequence[Message]) -> str:
    """What a conversation says, to tell whether two are the same, however each is spaced, punctuated or capitalised."""
    return _letters(render(normalise_conversation(messages)))


def _letters(text: str) -> str:
    """A text without what a copy easily loses or gains: white space, punctuation, invisible characters, capitals."""
    kept = (
        char for char in unicodedata.normalize("NFKC", text).casefold() if unicodedata.category(char)[0] not in "ZCP"
    )
    return "".join(kept) or text


def _named(item: Conversation, split: Split) -> str:
    return f"{item.id} of the benchmark's {split} split"
