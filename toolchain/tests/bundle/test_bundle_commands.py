"""The commands for bundles: what is asked for wrongly is refused before anything is written."""

import io
import sys
from pathlib import Path

import pytest

from toolchain.bundle.commands import PASSWORD_VARIABLE, export_command, keys_command
from toolchain.errors import ToolchainError


@pytest.mark.parametrize(
    ("only", "why"),
    [("", "names no composition"), ("summarize+es,summarize+es", "more than once"), ("summarize+es,", "empty name")],
)
def test_compositions_are_named_once_each_and_not_not_at_all(tmp_path: Path, only: str, why: str) -> None:
    with pytest.raises(ToolchainError, match=why):
        export_command(tmp_path / "bundle", only)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("there", ["mine.key", "mine.pub"])
def test_no_half_of_a_key_pair_is_overwritten(tmp_path: Path, there: str) -> None:
    (tmp_path / there).write_text("x")
    with pytest.raises(ToolchainError, match=there):
        keys_command(tmp_path / "mine", encrypted=False)
    assert [(path.name, path.read_text()) for path in tmp_path.iterdir()] == [(there, "x")]


def test_where_no_password_can_be_asked_for_it_is_said_how_to_give_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(PASSWORD_VARIABLE, raising=False)
    for closed in (None, io.StringIO()):
        monkeypatch.setattr(sys, "stdin", closed)
        with pytest.raises(ToolchainError, match=f"needs a password: set {PASSWORD_VARIABLE}"):
            keys_command(tmp_path / "mine")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("name", [".", "/", ".."])
def test_keys_need_a_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ToolchainError, match="name"):
        keys_command(Path(name), encrypted=False)
    assert not list(tmp_path.iterdir())
