"""The demo needs the device core, and says so."""

from pathlib import Path

import pytest

from toolchain.demo import run_demo
from toolchain.errors import ToolchainError


def test_a_core_that_is_not_built_is_named(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="make build") as refused:
        run_demo(tmp_path / "tandem", tmp_path / "bundle")
    assert str(tmp_path / "tandem") in str(refused.value)


def test_a_core_that_refuses_ends_the_demo(tmp_path: Path) -> None:
    core = tmp_path / "tandem"
    core.write_text("#!/bin/sh\nexit 3\n")
    core.chmod(0o755)
    with pytest.raises(ToolchainError, match="exit code 3"):
        run_demo(core, tmp_path / "bundle")


def test_what_a_silent_run_said_of_its_failure_is_told(tmp_path: Path) -> None:
    core = tmp_path / "tandem"
    core.write_text('#!/bin/sh\ncase "$*" in *--json*) echo "the adapter is broken" >&2; exit 3;; esac\n')
    core.chmod(0o755)
    with pytest.raises(ToolchainError, match="the adapter is broken"):
        run_demo(core, tmp_path / "bundle")
