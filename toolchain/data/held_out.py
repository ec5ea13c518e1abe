"""The conversations that nothing is trained on: the benchmark's validation and test splits."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from toolchain import paths
from toolchain.data.benchmark import Conversation, Split, conversations
from toolchain.errors import ToolchainError
from toolchain.text import Message, normalise, normalise_conversation, render

HELD_OUT = (Split.VALIDATION, Split.TEST)


def refuse_held_out(dialogues: Iterable[tuple[str, Sequence[Message]]]) -> None:
    """See that none of the dialogues, each an id and its messages, is one of them, as a prompt would show them.

    Raises:
        ToolchainError: one is.
    """
    held_out = shown_in(*HELD_OUT)
    for id, messages in dialogues:
        if found := held_out.get(as_shown(messages)):
            raise ToolchainError(f"dialogue {id} is conversation {found}: take it out, nothing is trained on those")


def refuse_held_out_references(
    path: Path, texts: Iterable[tuple[str, Iterable[str]]], variants: Iterable[str], benchmark: Path = paths.BENCHMARK
) -> None:
    """See that no text of a file, each an id and what it says, is one of their references in one of `variants`, whatever its white space.

    Raises:
        ToolchainError: one is.
    """
    held_out = {
        normalise(reference[written]): _named(item, split)
        for split in HELD_OUT
        for item in conversations(split, benchmark)
        for reference in item.references.values()
        for written in reference.keys() & set(variants)
    }
    for id, said in texts:
        if found := next((held_out[text] for text in map(normalise, said) if text in held_out), None):
            raise ToolchainError(
                f"{path}: text {id} is a reference of conversation {found}: take it out, nothing is trained on those"
            )


def shown_in(*splits: Split) -> dict[str, str]:
    """The conversations of these splits, as a prompt shows them, with the words that say which each is."""
    return {as_shown(item.messages): _named(item, split) for split in splits for item in conversations(split)}


def as_shown(messages: Sequence[Message]) -> str:
    """A conversation as a prompt would show it: what tells whether two are the same."""
    return render(normalise_conversation(messages))


def _named(item: Conversation, split: Split) -> str:
    return f"{item.id} of the benchmark's {split} split"
