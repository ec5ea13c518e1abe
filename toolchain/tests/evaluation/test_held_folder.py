"""Folders that outlive no process, or are written by one at a time."""

import errno
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from toolchain.errors import ToolchainError
from toolchain.evaluation.engines.held_folder import held_folder
from toolchain.folders import take_place, written_beside
from toolchain.whole_file import write_text_whole

HOLD = """
import sys, time
from pathlib import Path
from toolchain.evaluation.engines.held_folder import held_folder
with held_folder(Path(sys.argv[1]), "bundles-") as folder:
    print(folder, flush=True)
    time.sleep(600)
"""


def test_a_killed_process_leaves_its_folder_to_the_next_one_and_a_living_one_does_not(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", HOLD, str(tmp_path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        theirs = Path(other.stdout.readline().strip())
        with held_folder(tmp_path, "bundles-") as ours:
            assert theirs.is_dir()
            assert ours.is_dir()
            assert ours != theirs
        other.send_signal(signal.SIGKILL)
    assert theirs.is_dir()
    with held_folder(tmp_path, "bundles-"):
        assert not theirs.exists()


def test_it_is_gone_at_the_end_and_after_an_error_and_others_are_left(tmp_path: Path) -> None:
    (tmp_path / "cells").mkdir()

    def interrupted() -> None:
        with held_folder(tmp_path, "bundles-") as folder:
            (folder / "manifest.json").write_text("{}")
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert [path.name for path in tmp_path.iterdir()] == ["cells"]


def test_what_is_written_in_a_held_folder_does_not_wait_for_its_lock(tmp_path: Path) -> None:
    with held_folder(tmp_path, "bundles-") as folder, written_beside(folder / "bundle") as partial:
        write_text_whole(partial / "manifest.json", "{}")
        assert [path.name for path in partial.iterdir()] == ["manifest.json"]


WRITE = """
import sys, time
from pathlib import Path
from toolchain.folders import written_beside
with written_beside(Path(sys.argv[1])) as partial:
    (partial / "half").write_text("theirs")
    print("writing", flush=True)
    time.sleep(600)
"""


def test_a_folder_is_written_by_one_process_at_a_time(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "bundle"
    with subprocess.Popen([sys.executable, "-c", WRITE, str(folder)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "writing\n"
        with pytest.raises(ToolchainError, match="bundle is being written by another process"), written_beside(folder):
            pass
        other.send_signal(signal.SIGKILL)
    with written_beside(folder) as partial:
        assert not list(partial.iterdir()), "what the killed one wrote is gone"
        (partial / "whole").write_text("ours")
        take_place(partial, folder)
    assert [path.relative_to(tmp_path) for path in tmp_path.rglob("*")] == [
        Path("new"),
        Path("new/bundle"),
        Path("new/bundle/whole"),
    ]


def test_a_folder_that_is_in_its_place_leaves_its_temporary_name_to_the_next_one(tmp_path: Path) -> None:
    with written_beside(tmp_path / "bundle") as partial:
        take_place(partial, tmp_path / "bundle")
        partial.mkdir()
        (partial / "theirs").write_text("x")
    assert [path.name for path in partial.iterdir()] == ["theirs"]


def test_a_link_in_a_folders_temporary_place_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "precious").mkdir()
    (tmp_path / "precious" / "file").write_text("x")
    (tmp_path / ".bundle.partial").symlink_to(tmp_path / "precious")
    with pytest.raises(OSError, match="partial"), written_beside(tmp_path / "bundle"):
        pass
    assert (tmp_path / "precious" / "file").is_file()


def test_what_the_system_refuses_is_said_of_the_name_that_was_given(tmp_path: Path) -> None:
    for hidden in (True, False):
        with pytest.raises(OSError, match="No space") as refused, written_beside(tmp_path / "bundle") as partial:
            raise OSError(errno.ENOSPC, "No space left on device", str(partial / "base") if hidden else None)
        assert refused.value.filename == str(tmp_path / "bundle")
