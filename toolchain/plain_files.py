"""Folders and files of others, of which only regular files are read."""

import stat
from pathlib import Path

from toolchain.errors import ToolchainError


def plain_files(folder: Path) -> set[str]:
    """The names of all files below a folder, relative to it, with `/` between their parts.

    Raises:
        ToolchainError: something is neither a regular file nor a folder.
    """
    found, waiting = set(), [folder]
    while waiting:
        for path in waiting.pop().iterdir():
            mode = path.lstat().st_mode
            if stat.S_ISDIR(mode):
                waiting.append(path)
            elif stat.S_ISREG(mode):
                found.add(path.relative_to(folder).as_posix())
            else:
                kind = "a symbolic link" if stat.S_ISLNK(mode) else "a pipe, a socket or a device"
                raise ToolchainError(f"{path} is {kind}, where only plain files may be: put a copy of the file there")
    return found


def read_plain(path: Path, limit: int) -> bytes:
    """The bytes of a regular file, which nothing is read of unless it is one and no longer than `limit`.

    Raises:
        ToolchainError: it is a link, a folder or something special, or longer.
        OSError: it is missing or cannot be read.
    """
    status = path.lstat()
    if not stat.S_ISREG(status.st_mode):
        raise ToolchainError(f"{path} is no regular file: put a copy of the file there")
    if status.st_size > limit:
        raise ToolchainError(f"{path} has {status.st_size} bytes, at most {limit} are read: get it anew")
    return path.read_bytes()
