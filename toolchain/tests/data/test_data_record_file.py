"""Files of records that grow: only what a killed run of ours has left is ever cut off."""

import json
import resource
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from toolchain.console import refusal
from toolchain.data.record_file import Record, RecordFile
from toolchain.data.teacher_targets import Target, read_targets, write_targets
from toolchain.errors import ToolchainError
from toolchain.tasks import Composition
from toolchain.text_file import file_bytes

SHARED = {"composition": "summarize+es"}
BREAKS = "one\u2028two\u2029three\u0085four"


@dataclass(frozen=True)
class Item:
    id: str


ITEMS = [Item(f"d{number}") for number in range(3)]


def _complete(path: Path, items: Sequence[Item] = ITEMS) -> int:
    def make(batch: Sequence[Item]) -> list[Record]:
        return [{"id": item.id, "target": BREAKS} for item in batch]

    return RecordFile(path, "toolchain data targets").complete(items, SHARED, make, 1, lambda _: None)


@pytest.mark.parametrize(
    "content",
    [
        b"notes without a line end",
        b"notes\nwith line ends\n",
        b'{"id": "c1", "conversation": []}',
        b'{"id": "c1", "conversation": []}\n',
        b'[{"id": "c1"}]',
        b'{"id": ["c1"]}\n',
        b"\xff\xfe\x00",
        b'{"id": "d0", "composition": "summarize+es"}\nnotes',
    ],
)
def test_a_file_of_something_else_is_left_as_it_is(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "t"
    path.write_bytes(content)
    with pytest.raises(ToolchainError, match="move it away") as refused:
        _complete(path)
    assert str(path) in str(refused.value)
    assert path.read_bytes() == content


@pytest.mark.parametrize("kept", [0, 1, 5, 30])
def test_what_a_killed_run_left_is_gone_on_with(tmp_path: Path, kept: int) -> None:
    assert _complete(tmp_path / "whole") == 3
    whole = (tmp_path / "whole").read_bytes()
    for before in (0, len(whole) // 3):
        (tmp_path / "t").write_bytes(whole[: before + kept])
        _complete(tmp_path / "t")
        assert (tmp_path / "t").read_bytes() == whole


def test_what_was_made_is_in_the_file_before_more_is_asked_for(tmp_path: Path) -> None:
    """What a process holds back is lost where it is killed."""
    file, there = RecordFile(tmp_path / "t", "x"), list[int]()

    def make(batch: Sequence[Item]) -> list[Record]:
        there.append(len(file.read()))
        return [{"id": item.id} for item in batch]

    file.complete(ITEMS, SHARED, make, 1, lambda _: None)
    assert there == [0, 1, 2]


def test_two_runs_do_not_add_to_one_file(tmp_path: Path) -> None:
    path = tmp_path / "t"

    def meanwhile(batch: Sequence[Item]) -> list[Record]:
        with pytest.raises(ToolchainError, match="is being written by another process"):
            _complete(path)
        return [{"id": item.id, "target": "x"} for item in batch]

    assert RecordFile(path, "x").complete(ITEMS, SHARED, meanwhile, 1, lambda _: None) == 3
    assert len(RecordFile(path, "x").read()) == 3
    assert _complete(path) == 0


def test_a_text_may_hold_what_other_line_ends_are(tmp_path: Path) -> None:
    path = tmp_path / "t"
    assert _complete(path, ITEMS[:1]) == 1
    assert _complete(path) == 2
    assert [record["target"] for record in RecordFile(path, "x").read()] == [BREAKS] * 3


@pytest.mark.usefixtures("assets")
def test_so_may_a_committed_target() -> None:
    composition = Composition.parse("summarize+es")
    target = Target("a001", "en", ("es",), BREAKS)
    write_targets(composition, [target])
    assert read_targets(composition) == [target]


def test_a_directory_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="directory"):
        _complete(tmp_path)
    with pytest.raises(ToolchainError, match="directory"):
        RecordFile(tmp_path, "x").read()


def test_a_device_is_refused() -> None:
    with pytest.raises(ToolchainError, match="/dev/null is a pipe or a device: give another --out"):
        _complete(Path("/dev/null"))


def test_a_file_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (10, before[1]))
    try:
        with pytest.raises(OSError, match="File too large") as refused:
            _complete(tmp_path / "t")
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert refusal(refused.value) == f"{tmp_path / 't'}: File too large (check the path)"
    with pytest.raises(OSError, match="Input/output error") as refused:
        file_bytes(Path("/proc/self/mem"), "give another")
    assert refusal(refused.value) == "/proc/self/mem: Input/output error (check the path)"


def test_what_is_missing_says_how_it_is_made(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="`toolchain data targets`"):
        RecordFile(tmp_path / "t", "toolchain data targets").read()
    (tmp_path / "t").write_text(json.dumps({"no": "id"}) + "\n")
    with pytest.raises(ToolchainError, match="not JSON Lines of records"):
        RecordFile(tmp_path / "t", "x").read()
