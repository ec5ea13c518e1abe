"""What commands take and print: choices by name, data on stdout, progress on stderr."""

import json
import sys
from enum import StrEnum
from typing import TypeVar

from toolchain.errors import ToolchainError

Choice = TypeVar("Choice", bound=StrEnum)


def chosen(choices: type[Choice], what: str, name: str) -> Choice:
    """The choice of that name.

    Raises:
        ToolchainError: there is none.
    """
    if name not in set(choices):
        raise ToolchainError(f"unknown {what} {name!r}: choose from {', '.join(choices)}")
    return choices(name)


def progress(line: str) -> None:
    """One line of progress, on stderr."""
    print(line, file=sys.stderr, flush=True)


def show(data: object) -> None:
    """Data, as JSON on stdout."""
    print(json.dumps(data, indent=1, ensure_ascii=False))
