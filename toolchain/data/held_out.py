"""The conversations that nothing is trained on: the benchmark's validation and test splits."""

from collections.abc import Iterable, Sequence

from toolchain.data.benchmark import Split, conversations
from toolchain.errors import ToolchainError
from toolchain.text import Message, normalise_conversation, render


def refuse_held_out(dialogues: Iterable[tuple[str, Sequence[Message]]]) -> None:
    """See that none of the dialogues, each an id and its messages, is one of them, as a prompt would show them.

    Raises:
        ToolchainError: one is.
    """
    held_out = shown_in(Split.VALIDATION, Split.TEST)
    for id, messages in dialogues:
        if found := held_out.get(as_shown(messages)):
            raise ToolchainError(f"dialogue {id} is conversation {found}: take it out, nothing is trained on those")


def shown_in(*splits: Split) -> dict[str, str]:
    """The conversations of these splits, as a prompt shows them, with the words that say which each is."""
    return {
        as_shown(item.messages): f"{item.id} of the benchmark's {split} split"
        for split in splits
        for item in conversations(split)
    }


def as_shown(messages: Sequence[Message]) -> str:
    """A conversation as a prompt would show it: what tells whether two are the same."""
    return render(normalise_conversation(messages))
