"""Files written whole or not at all."""

import errno
import hashlib
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor, TimeoutError
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain import hashing
from toolchain.hashing import sha256_file, sha256_once
from toolchain.whole_file import write_text_whole, written_whole


@given(content=st.binary(max_size=200))
def test_a_files_hash_is_that_of_its_bytes(tmp_path_factory: pytest.TempPathFactory, content: bytes) -> None:
    path = tmp_path_factory.mktemp("hash") / "file"
    path.write_bytes(content)
    assert sha256_file(path) == hashlib.sha256(content).hexdigest()


def test_a_large_file_is_read_once_until_it_changes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[Path] = []

    def counted(path: Path) -> str:
        read.append(path)
        return sha256_file(path)

    monkeypatch.setattr(hashing, "sha256_file", counted)
    path = tmp_path / "base"
    path.write_bytes(b"one")
    assert sha256_once(path) == sha256_once(path) == hashlib.sha256(b"one").hexdigest()
    assert len(read) == 1
    write_text_whole(path, "two")  # As long as before, but another file.
    assert sha256_once(path) == hashlib.sha256(b"two").hexdigest()
    with path.open("ab") as stream:
        stream.write(b"!")
    assert sha256_once(path) == hashlib.sha256(b"two!").hexdigest()


def test_a_failed_write_leaves_the_old_file_and_nothing_else(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "file"
    write_text_whole(path, "old")
    with pytest.raises(UnicodeEncodeError), written_whole(path) as partial:
        partial.write_text("half\ud800", encoding="utf-8")
    assert path.read_text() == "old"
    assert list(path.parent.iterdir()) == [path]


def test_what_takes_a_files_name_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "file"
    synced: list[tuple[bytes, bool]] = []
    monkeypatch.setattr(os, "fsync", lambda stream: synced.append((stream.read(), path.exists())))
    write_text_whole(path, "new")
    assert synced == [(b"new", False)]
    assert path.read_text() == "new"


def test_a_reader_of_the_old_file_reads_on_in_it(tmp_path: Path) -> None:
    write_text_whole(tmp_path / "file", "old")
    with (tmp_path / "file").open() as reader:
        write_text_whole(tmp_path / "file", "new")
        assert reader.read() == "old"


def test_a_write_replaces_the_old_file(tmp_path: Path) -> None:
    write_text_whole(tmp_path / "file", "old")
    write_text_whole(tmp_path / "file", "né\r\nw")
    assert (tmp_path / "file").read_bytes() == "né\r\nw".encode()
    assert list(tmp_path.iterdir()) == [tmp_path / "file"]


WRITE = """
import sys, time
from pathlib import Path
from toolchain.whole_file import written_whole
with written_whole(Path(sys.argv[1])) as partial:
    partial.write_text("half")
    print("writing", flush=True)
    time.sleep(60)
"""


def test_what_a_killed_process_wrote_is_gone_after_the_next_write(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with subprocess.Popen([sys.executable, "-c", WRITE, str(path)], stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout
        assert other.stdout.readline() == "writing\n"
        other.send_signal(signal.SIGKILL)
    assert [found.read_text() for found in tmp_path.rglob("*") if found.is_file()] == ["half"]
    write_text_whole(path, "whole")
    assert [found.relative_to(tmp_path) for found in tmp_path.rglob("*")] == [Path("file")]
    assert path.read_text() == "whole"


def test_of_two_writers_one_waits_for_the_other(tmp_path: Path) -> None:
    path = tmp_path / "file"
    with ThreadPoolExecutor() as pool:
        with written_whole(path) as partial:
            partial.write_text("first")
            second = pool.submit(write_text_whole, path, "second")
            with pytest.raises(TimeoutError):
                second.result(0.1)
            # A library may write another file and put it in the place of this one.
            (partial.parent / "another").write_text("first")
            (partial.parent / "another").replace(partial)
        second.result(10)
    assert path.read_text() == "second"
    assert list(tmp_path.iterdir()) == [path]


def test_a_full_disk_is_said_of_the_file_that_was_to_be_written(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="No space") as refused, written_whole(tmp_path / "file"):
        raise OSError(errno.ENOSPC, "No space left on device")
    assert refused.value.filename == str(tmp_path / "file")
