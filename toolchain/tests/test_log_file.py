"""Logs are read as they were written; a damaged one is refused in one sentence."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.errors import ToolchainError
from toolchain.log_file import logged, refuse_to_replace, write_log

_VALUES = st.none() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text())


@given(content=st.dictionaries(st.text(), _VALUES, min_size=1))
def test_a_log_is_read_as_it_was_written(tmp_path_factory: pytest.TempPathFactory, content: dict[str, Any]) -> None:
    path = tmp_path_factory.mktemp("logs") / "log.json"
    write_log(path, content)
    assert logged(path, "an adapter", *content) == content


def test_where_there_is_no_log_nothing_is_said(tmp_path: Path) -> None:
    assert logged(tmp_path / "log.json", "an adapter", "base_sha256") == {}


@pytest.mark.parametrize("content", [b"no JSON", b"[]", b"\xff\xfe", b"[" * 100_000])
def test_what_is_no_log_is_refused(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "log.json"
    path.write_bytes(content)
    with pytest.raises(ToolchainError, match=r"log\.json is no log of an adapter: restore it"):
        logged(path, "an adapter")


def test_a_log_that_lacks_a_field_is_refused(tmp_path: Path) -> None:
    write_log(path := tmp_path / "log.json", {"steps": 1})
    with pytest.raises(ToolchainError, match="it lacks base_sha256 and files: restore it"):
        logged(path, "a fitting", "base_sha256", "files", "steps")


@pytest.mark.parametrize("there", [b'{"steps": 1, "files": []}\n', b"my notes", b'{"steps": 1}', None], ids=str)
def test_a_log_takes_the_place_of_such_a_log_alone(tmp_path: Path, there: bytes | None) -> None:
    path = tmp_path / "log.json"
    refuse_to_replace(path, "a fitting", "steps", "files")
    if there is None:
        path.mkdir()
    else:
        path.write_bytes(there)
    if there and b"files" in there:
        refuse_to_replace(path, "a fitting", "steps", "files")
        return
    with pytest.raises(ToolchainError, match=r"log\.json is there and is no log of a fitting, .*: give another --out"):
        refuse_to_replace(path, "a fitting", "steps", "files")
