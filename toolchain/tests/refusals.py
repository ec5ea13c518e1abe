"""What a user is told."""

from collections.abc import Callable

import pytest

from toolchain.errors import ToolchainError


def refusal_of(asked: Callable[[], object]) -> str:
    """The one sentence with which `asked` is refused."""
    with pytest.raises(ToolchainError) as refused:
        asked()
    message = str(refused.value)
    assert "\n" not in message
    return message
