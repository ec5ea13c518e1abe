"""A file of text that a user gives."""

from pathlib import Path

from toolchain.errors import ToolchainError, refused_of


def file_bytes(path: Path, remedy: str) -> bytes:
    """What the file holds.

    Raises:
        ToolchainError: it is missing, or a directory; `remedy` says what to do.
        OSError: it cannot be read.
    """
    if path.is_dir():
        raise ToolchainError(f"{path} is a directory, not a file: {remedy}")
    try:
        with refused_of(path):
            return path.read_bytes()
    except (FileNotFoundError, NotADirectoryError):
        raise ToolchainError(f"{path} is missing: {remedy}") from None


def file_text(path: Path, remedy: str) -> str:
    """Its text with the line ends that it has, without a byte order mark.

    Raises:
        ToolchainError: it is missing, a directory, or not UTF-8.
    """
    try:
        return file_bytes(path, remedy).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ToolchainError(f"{path} is not UTF-8 text: {remedy}") from None
