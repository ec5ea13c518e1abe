"""docs/results/README.md names the command of every result file."""

import re
import shlex
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.evaluation.result_file import read_result
from toolchain.evaluation.results import committed_results

COMMANDS = [
    shlex.split(line)
    for line in (paths.REPOSITORY / "docs" / "results" / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("bin/toolchain evaluate ")
]


def _option(command: list[str], name: str, default: str = "") -> str:
    return command[command.index(name) + 1] if name in command else default


@pytest.mark.parametrize("path", committed_results(), ids=lambda path: path.name)
def test_a_result_file_is_of_what_its_command_measures(path: Path) -> None:
    result = read_result(path)
    assert re.fullmatch(r"[0-9a-f]{40}", result.meta["git_commit"]), "made in a checkout that was not clean"
    if "judged" in result.meta:
        return
    relative = str(path.relative_to(paths.REPOSITORY))
    (command,) = [item for item in COMMANDS if _option(item, "--out") == relative]
    measured = {(row["method"], row["composition"]) for row in result.rows}
    methods, compositions = (_option(command, name).split(",") for name in ("--methods", "--compositions"))
    assert measured == {(method, composition) for method in methods for composition in compositions}
    assert result.meta["engine"] == _option(command, "--engine", "python")
    assert result.meta["split"] == _option(command, "--split", "test")
