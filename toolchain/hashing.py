"""SHA-256 of files."""

import hashlib
from collections.abc import Iterable
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


def sha256_of_files(paths: Iterable[Path]) -> str:
    """SHA-256 over the names and hashes of files, in that order, each hashed once in a process."""
    listed = "".join(f"{sha256_once(path)}  {path.name}\n" for path in paths)
    return hashlib.sha256(listed.encode()).hexdigest()


@cache
def _sha256_of(path: Path, _status: tuple[int, ...]) -> str:
    return sha256_file(path)
