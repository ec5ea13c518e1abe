"""Nothing is trained on a conversation that the benchmark holds out, however it is written."""

from itertools import chain

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.data.benchmark import Conversation, Split, conversations
from toolchain.data.held_out import refuse_held_out
from toolchain.errors import ToolchainError
from toolchain.tests.strategies import LINE_BREAKS
from toolchain.text import Message

HELD_OUT = [item for split in (Split.VALIDATION, Split.TEST) for item in conversations(split)]
blanks = st.lists(st.sampled_from([*LINE_BREAKS, " ", "\t", "\u00a0"]), max_size=3).map("".join)


@given(item=st.sampled_from(HELD_OUT), before=blanks, behind=blanks, empty=st.booleans())
def test_white_space_and_empty_messages_make_no_other_conversation(
    item: Conversation, before: str, behind: str, empty: bool
) -> None:
    written = [
        (Message(f"{before}{message.speaker}{behind}", f"{before}{message.text}{behind}"), Message("Zoe", before))
        for message in item.messages
    ]
    messages = list(chain.from_iterable(written)) if empty else [message for message, _ in written]
    with pytest.raises(ToolchainError, match=f"dialogue d is conversation {item.id} of the benchmark's"):
        refuse_held_out([("d", messages)])


def test_what_may_be_trained_on_is_not_refused() -> None:
    refuse_held_out((item.id, item.messages) for item in conversations(Split.CALIBRATION))
