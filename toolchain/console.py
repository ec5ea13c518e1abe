"""What commands take and print: choices by name, data on stdout, progress on stderr. Of processes that train together the first speaks."""

import errno
import json
import os
import sys
from enum import StrEnum
from typing import TypeVar

from toolchain.errors import ToolchainError

Choice = TypeVar("Choice", bound=StrEnum)

_REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EACCES: "change its permissions, or give another path",
    errno.EPERM: "change its permissions, or give another path",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EISDIR: "give the name of a file",
}


def chosen(choices: type[Choice], what: str, name: str) -> Choice:
    """The choice of that name.

    Raises:
        ToolchainError: there is none.
    """
    if name not in set(choices):
        raise ToolchainError(f"unknown {what} {name!r}: choose from {', '.join(choices)}")
    return choices(name)


def named_once(option: str, text: str) -> list[str]:
    """The names of a comma-separated list, each given once: what is counted twice counts twice in a mean.

    Raises:
        ToolchainError: a name is empty, or given more than once.
    """
    names = text.split(",")
    if not all(map(str.strip, names)):
        raise ToolchainError(f"{option} {text!r} has an empty name: separate names by single commas")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ToolchainError(f"{option} names {', '.join(twice)} more than once: name each once")
    return names


def progress(line: str) -> None:
    """One line of progress, on stderr."""
    if _speaks():
        print(line, file=sys.stderr, flush=True)


def show(data: object) -> None:
    """Data, as JSON on stdout."""
    if _speaks():
        print(json.dumps(data, indent=1, ensure_ascii=False))


def quiet_transformers() -> None:
    """Keep the library's own progress and warnings off stderr."""
    from transformers.utils import logging

    logging.set_verbosity_error()
    logging.disable_progress_bar()


def refusal(error: OSError) -> str:
    """What the operating system refused, in one sentence: the path, the reason, what to do."""
    # Of two, the second is the target; the first may be a temporary file that is gone.
    path = error.filename2 or error.filename
    reason = error.strerror or errno.errorcode.get(error.errno or 0, "refused")
    remedy = _REMEDIES.get(error.errno or 0, "check the path" if path else "try again")
    return f"{path}: {reason} ({remedy})" if path else f"{reason} ({remedy})"


def _speaks() -> bool:
    return os.environ.get("RANK", "0") == "0"
