"""Which examples an interval draws together: the texts of one conversation, whose scores rise and fall together."""

from collections.abc import Sequence

from toolchain.tasks import MAIN_TASKS, Composition, TaskKind


def conversations_of(composition: Composition, ids: Sequence[str]) -> list[str]:
    """The conversation that each example is of, from the ids of `composition_pairs`.

    An auxiliary task alone is given the references of conversations, `<conversation>.<main task>`; all else is given conversations.
    """
    if composition.tasks[0].kind is TaskKind.MAIN:
        return list(ids)
    return [_conversation(id) for id in ids]


def _conversation(id: str) -> str:
    """A text that is no conversation's reference is alone."""
    conversation, _, main = id.rpartition(".")
    return conversation if main in MAIN_TASKS else id
