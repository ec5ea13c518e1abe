"""Where a file is to go is looked at before what it will hold is made."""

import os
from pathlib import Path

import pytest

from toolchain.folders import refuse_unwritable
from toolchain.tests.refusals import refusal_of
from toolchain.whole_file import write_text_whole


@pytest.mark.parametrize("name", ["new.json", "there.json", "deep/er/new.json", "linked.json"])
def test_what_is_not_refused_can_be_written(tmp_path: Path, name: str) -> None:
    (tmp_path / "there.json").touch()
    (tmp_path / "linked.json").symlink_to("there.json")
    refuse_unwritable(tmp_path / name)
    write_text_whole(tmp_path / name, "made")
    assert (tmp_path / name).read_text() == "made"


NO_FILES = {
    "folder": "is a folder",
    "linked": "is a folder",
    "pipe": "is a pipe or a device",
    "/dev/full": "is a pipe or a device",
    ".": "has no name of its own",
    "..": "has no name of its own",
    "/": "has no name of its own",
    "file/x": "cannot be written",
    "/proc/x": "cannot be written",
    "x" * 300: "cannot be written (File name too long)",
}


@pytest.mark.parametrize("name", NO_FILES)
def test_what_is_no_place_for_a_file_is_refused_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("linked").symlink_to("folder")
    Path("file").touch()
    os.mkfifo("pipe")
    message = refusal_of(lambda: refuse_unwritable(Path(name)))
    assert message.startswith(f"{name} {NO_FILES[name]}")
    assert ": give " in message
