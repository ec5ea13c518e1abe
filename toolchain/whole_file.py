"""Files that are written whole or not at all."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from toolchain.folders import held_beside


@contextmanager
def written_whole(path: Path) -> Iterator[Path]:
    """Give a temporary path; rename it to `path` only if the block ends without an error, and what it wrote is on the disk.

    Of several processes that write `path` one waits for the other.
    """
    # Held by a folder around it: a library may put another file in the place of one that was locked.
    with held_beside(path, ".file.partial") as folder:
        partial = folder / "partial"
        yield partial
        with partial.open("rb+") as written:
            os.fsync(written)  # A power cut may else leave the new name with nothing behind it.
        partial.replace(path)


def write_text_whole(path: Path, text: str) -> None:
    """Write UTF-8 text so that a reader never sees half of it."""
    with written_whole(path) as partial:
        partial.write_text(text, encoding="utf-8")
