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
    held_out = {
        as_shown(item.messages): (item.id, split)
        for split in (Split.VALIDATION, Split.TEST)
        for item in conversations(split)
    }
    for id, messages in dialogues:
        if found := held_out.get(as_shown(messages)):
            raise ToolchainError(
                f"dialogue {id} is conversation {found[0]} of the benchmark's {found[1]} split: take it out, "
                "nothing is trained on those"
            )


def as_shown(messages: Sequence[Message]) -> str:
    """A conversation as a prompt would show it: what tells whether two are the same."""
    return render(normalise_conversation(messages))
