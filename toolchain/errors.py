"""The error that the toolchain raises for what a user can put right, the kind of it that one rate of several may end in, and what others raise."""

import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pydantic import ValidationError

_LONGEST = 300


class ToolchainError(Exception):
    """A mistake in input, files or arguments; its text is one sentence: what was found, what was wanted, what to do."""


class NotFinite(ToolchainError):
    """A number is infinite or none where one is computed with or kept: what training can drive it to, and what no device composes."""


@contextmanager
def refused_of(path: Path | str, temporary: Path | None = None) -> Iterator[None]:
    """Say of `path`, the name that was given, what the system refuses of no name at all, as reading and a full disk, or of `temporary` beside it."""
    try:
        yield
    except OSError as error:
        named = error.filename2 or error.filename
        if error.errno and (named is None or (temporary and str(named).startswith(str(temporary)))):
            error.filename, error.filename2 = str(path), None
        raise


def on_one_line(error: Exception) -> str:
    """What a library raised: its kind and, where it says anything, that without its line breaks, cut where it goes on and on."""
    said = " ".join(str(error).split())
    said = f"{said[:_LONGEST]}…" if len(said) > _LONGEST else said
    return f"{type(error).__name__}: {said}" if said else type(error).__name__


def first_mistake(error: "ValidationError", whole: str) -> str:
    """Where in the `whole` it is, what stands there if that is one value, and what is wrong with it, on one line."""
    first = error.errors(include_url=False)[0]
    where = repr(".".join(str(part) for part in first["loc"]) or whole)[1:-1]
    found = first["input"]
    said = f" {reprlib.repr(found)}" if first["loc"] and isinstance(found, str | int | float) else ""
    return f"{where}{said}: {first['msg'].removeprefix('Value error, ')}"
