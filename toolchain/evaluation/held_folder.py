"""A temporary folder that is gone when its process is, however that ended."""

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path


@contextmanager
def held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder in `parent`, removed at the end; those of `prefix` that a killed process left there are removed first.

    The kernel gives a lock back when its process ends, so that a folder without one is nobody's.
    """
    parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with _locked(parent):  # Between being made and being locked a folder looks like nobody's.
            for folder in parent.glob(f"{prefix}*"):
                if folder.is_dir() and _is_nobodys(folder):
                    shutil.rmtree(folder)
            own = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
            held.enter_context(_locked(own))
        held.callback(shutil.rmtree, own)
        yield own


@contextmanager
def _locked(folder: Path, flags: int = 0) -> Iterator[None]:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | flags)
        yield
    finally:
        os.close(descriptor)


def _is_nobodys(folder: Path) -> bool:
    try:
        with _locked(folder, fcntl.LOCK_NB):
            return True
    except BlockingIOError:
        return False
