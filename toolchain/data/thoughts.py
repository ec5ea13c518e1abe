"""What a model thinks before it answers."""

import re

_THOUGHTS = re.compile(
    r"\A((?:(?!<think>).)*?</think>)?(\s*<think>.*?(</think>|\Z))*",
    re.IGNORECASE | re.DOTALL,
)
"""A prompt may have opened the first of them, so that they only close."""


def without_thoughts(text: str) -> str:
    """The answer alone; nothing where the thoughts do not end."""
    return _THOUGHTS.sub("", text)
