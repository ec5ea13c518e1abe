"""Folders that are written beside their place and put there at once: what they replace goes last."""

import fcntl
import os
import shutil
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryFile

from toolchain.errors import ToolchainError, refused_of


def refuse_nameless(path: Path) -> None:
    """Raise ToolchainError for a path that ends in no name, such as `.` or `/`: nothing can lie beside it."""
    if path.name in ("", ".."):
        raise ToolchainError(f"{path} has no name of its own to write to: give the name of a new file or folder")


def refuse_as_target(path: Path) -> None:
    """Raise ToolchainError for a path that nothing is put at: one without a name of its own, a link, or where a disk is mounted."""
    refuse_nameless(path)
    if path.is_symlink():
        raise ToolchainError(f"{path} is a symbolic link, which is not replaced: give the path that it leads to")
    if path.is_mount():
        raise ToolchainError(
            f"{path} is a mount point, whose place nothing can take: give the name of a new folder in it"
        )


def refuse_unwritable(path: Path) -> None:
    """Raise ToolchainError for a file that cannot be put where it is to go, before what it will hold is made; the folder is made."""
    refuse_nameless(path)
    try:
        if path.exists() and not path.is_file():
            what = "a folder" if path.is_dir() else "a pipe or a device"
            raise ToolchainError(f"{path} is {what}, where a file is to be written: give the name of a file")
        path.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=path.parent):
            pass
    except OSError as error:
        raise ToolchainError(
            f"{path} cannot be written ({error.strerror}): give another place, or the right to write there"
        ) from None


def is_empty_folder(path: Path) -> bool:
    """Whether a path is a folder with nothing in it, whose place nothing is lost by taking."""
    return path.is_dir() and not any(path.iterdir())


@contextmanager
def written_beside(folder: Path) -> Iterator[Path]:
    """Give a new folder beside `folder` to write to; what is still there when the block ends, in whichever way, is removed.

    Raises:
        ToolchainError: another process is writing there.
    """
    with ExitStack() as held:
        try:
            partial = held.enter_context(held_beside(folder, ".partial", fcntl.LOCK_NB))
        except BlockingIOError:
            raise ToolchainError(
                f"{folder} is being written by another process: wait for it, or give another name"
            ) from None
        yield partial


@contextmanager
def held_beside(path: Path, suffix: str, flags: int = 0) -> Iterator[Path]:
    """Give an empty folder beside `path`, named after it, that no other process gets until the block ends; it is removed then.

    What a killed process left in it is gone. Where another one has it this waits, or with `LOCK_NB` gives up.

    Raises:
        BlockingIOError: another process has it, and `flags` say not to wait.
    """
    folder = path.with_name(f".{path.name}{suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        while True:
            with suppress(FileExistsError), refused_of(path, folder):
                folder.mkdir()
            with suppress(FileNotFoundError), ExitStack() as taken:
                descriptor = taken.enter_context(locked(folder, flags, os.O_DIRECTORY | os.O_NOFOLLOW))
                if _is_at(folder, descriptor):  # Else its last holder moved or removed it while this one waited.
                    if is_empty_folder(folder):
                        held.push(taken.pop_all())
                        break
                    shutil.rmtree(folder)
        try:
            with refused_of(path, folder):
                yield folder
        finally:
            if _is_at(folder, descriptor):  # Else it was put in its place, and this name may be the next holder's.
                shutil.rmtree(folder, ignore_errors=True)


def _is_at(folder: Path, descriptor: int) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), folder.stat())
    except FileNotFoundError:
        return False


@contextmanager
def locked(folder: Path, flags: int = 0, opened: int = 0) -> Iterator[int]:
    """Hold a folder's lock, which the kernel gives back when its process ends, however that ended; the folder's descriptor is given."""
    descriptor = os.open(folder, os.O_RDONLY | opened)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield descriptor
    finally:
        os.close(descriptor)


def is_nobodys(folder: Path) -> bool:
    """Whether no process holds the folder's lock."""
    try:
        with locked(folder, fcntl.LOCK_NB):
            return True
    except BlockingIOError:
        return False


def take_place(new: Path, folder: Path) -> None:
    """Put the folder `new` at `folder`; one that is there waits beside it until then, so that nothing that ends this loses both."""
    old = folder.with_name(f".{folder.name}.replaced")
    if not folder.exists():
        new.rename(folder)
    else:
        shutil.rmtree(old, ignore_errors=True)
        with refused_of(folder, old):
            folder.rename(old)
        try:
            new.rename(folder)
        except BaseException:
            if not folder.exists():
                old.rename(folder)
            raise
    shutil.rmtree(old, ignore_errors=True)
