"""SHA-256 of files."""

import hashlib
from functools import cache
from pathlib import Path


def sha256_file(path: Path) -> str:
    """SHA-256 of a file's bytes as 64 hex digits."""
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def sha256_once(path: Path) -> str:
    """The same, read once in a process for as long as the file is neither replaced nor written to: for files of the size of a base."""
    status = path.stat()
    return _sha256_of(path.resolve(), (status.st_dev, status.st_ino, status.st_size, status.st_mtime_ns))


@cache
def _sha256_of(path: Path, _status: tuple[int, ...]) -> str:
    return sha256_file(path)
