"""What commands take and print: choices by name, data on stdout, progress on stderr. Of processes that train together the first speaks."""

import errno
import io
import json
import os
import sys
import warnings
from collections.abc import Iterable
from pathlib import Path
from typing import TypeVar

from toolchain.errors import ToolchainError, refused_of

Choice = TypeVar("Choice", bound=str)

_REMEDIES = {
    errno.ENOSPC: "make room there",
    errno.EDQUOT: "make room there",
    errno.EACCES: "change its permissions, or give another path",
    errno.EPERM: "change its permissions, or give another path",
    errno.ENAMETOOLONG: "give a shorter name",
    errno.EISDIR: "give the name of a file",
    errno.EEXIST: "a folder is wanted where something else is: give another path",
    errno.ENOTDIR: "a folder is wanted where something else is: give another path",
    errno.EBUSY: "it is in use: give another path",
    errno.EPIPE: "nobody reads it any more",
}


def chosen(choices: Iterable[Choice], what: str, name: str) -> Choice:
    """The choice of that name, among those of an enumeration of strings or of any collection of names.

    Raises:
        ToolchainError: there is none.
    """
    known = {str(choice): choice for choice in choices}
    if name not in known:
        raise ToolchainError(f"unknown {what} {name!r}: choose from {', '.join(known)}")
    return known[name]


def named_once(option: str, text: str) -> list[str]:
    """The names of a comma-separated list, without spaces around them, each given once: what is counted twice counts twice in a mean.

    Raises:
        ToolchainError: a name is empty, or given more than once.
    """
    names = [name.strip() for name in text.split(",")]
    if not all(names):
        raise ToolchainError(f"{option} {text!r} has an empty name: separate names by single commas")
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ToolchainError(f"{option} names {', '.join(twice)} more than once: name each once")
    return names


def open_streams() -> None:
    """Print UTF-8 in any locale; what it cannot hold, such as bytes of a path, is escaped as JSON reads it, so that no character is refused.

    Raises:
        ToolchainError: stdout is closed, where what is made would be told to nobody, or to the next file that is opened.
    """
    if sys.stderr is None:  # What is said there would go to stdout.
        sys.stderr = io.TextIOWrapper(io.FileIO(os.devnull, "w"))
    if sys.stdout is None:
        raise ToolchainError("standard output is closed: send it to a file, or to /dev/null")
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def close_stdout() -> None:
    """Hand on what was printed, while a refusal of it can still be told."""
    try:
        sys.stdout.flush()
    except OSError as error:
        # Python tries again when it ends, and would say so in its own way.
        with Path(os.devnull).open("wb") as nothing:
            os.dup2(nothing.fileno(), sys.stdout.fileno())
        error.filename = "standard output"
        raise


def progress(line: str) -> None:
    """One line of progress, on stderr."""
    if _speaks():
        with refused_of("standard error"):  # Else it would be said of the file that is being written.
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
    # PEFT asks for it by the name that the library no longer wants.
    warnings.filterwarnings("ignore", "`is_gradient_checkpointing` is deprecated", FutureWarning)


def refusal(error: OSError) -> str:
    """What the operating system refused, in one sentence: the path, the reason, what to do."""
    # Of two, the second is the target; the first may be a temporary file that is gone.
    path = error.filename2 or error.filename
    reason = error.strerror or errno.errorcode.get(error.errno or 0, "refused")
    remedy = _REMEDIES.get(error.errno or 0, "check the path" if path else "try again")
    return f"{path}: {reason} ({remedy})" if path else f"{reason} ({remedy})"


def no_text(error: UnicodeEncodeError) -> str:
    """What cannot be written as text, in one sentence: bytes of an argument, or half a character of a file."""
    before, after = error.object[: error.start], error.object[error.start :]
    around = before.rsplit("\n", 1)[-1][-20:] + after.split("\n", 1)[0][:20]
    return f"{around!a} cannot be written in {error.encoding}: give text whose characters are whole"


def _speaks() -> bool:
    return os.environ.get("RANK", "0") == "0"
