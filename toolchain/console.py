"""What commands take and print: choices by name, data on stdout, progress on stderr. Of processes that train together the first speaks."""

import json
import os
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
    if _speaks():
        print(line, file=sys.stderr, flush=True)


def show(data: object) -> None:
    """Data, as JSON on stdout."""
    if _speaks():
        print(json.dumps(data, indent=1, ensure_ascii=False))


def _speaks() -> bool:
    return os.environ.get("RANK", "0") == "0"
