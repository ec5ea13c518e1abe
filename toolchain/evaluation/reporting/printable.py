"""Answers on a page: what a small model writes may hold characters that no page can."""

import re

_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")
"""All but tab and line break."""


def printable(text: str) -> str:
    """With the control characters of answers as `\\x00`: neither a page nor a text that programs search may hold them."""
    return _CONTROL.sub(lambda found: f"\\x{ord(found[0]):02x}", text)
