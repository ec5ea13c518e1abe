"""Conversations for the tests that cross the parts, as the device core reads them."""

from dataclasses import asdict
from typing import Any

from toolchain.data.benchmark import Conversation, Split, conversations


def held_out(count: int) -> list[Conversation]:
    """Test conversations: no adapter or calibration has seen them."""
    return conversations(Split.TEST)[:count]


def as_input(conversation: Conversation) -> dict[str, Any]:
    """One line of `tandem run --input`."""
    return {
        "id": conversation.id,
        "conversation": [asdict(message) for message in conversation.messages],
        "reply_speaker": conversation.reply_speaker,
    }
