"""A temporary folder that is gone when its process is, however that ended."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from toolchain.folders import is_nobodys, locked


@contextmanager
def held_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder below `parent`, removed at the end; those of `prefix` that a killed process left there are removed first."""
    parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as held:
        with locked(parent):  # Between being made and being locked a folder looks like nobody's.
            for folder in parent.glob(f"{prefix}*"):
                if folder.is_dir() and is_nobodys(folder):
                    shutil.rmtree(folder)
            own = Path(tempfile.mkdtemp(dir=parent, prefix=prefix))
            held.enter_context(locked(own))
        held.callback(shutil.rmtree, own)
        yield own
