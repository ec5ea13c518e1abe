"""The README beside result files names the command of each; what is of other conversations has a folder of its own."""

import os
import re
import shlex
import shutil
import subprocess
import sys
from itertools import takewhile
from pathlib import Path

import pytest

from toolchain import paths
from toolchain.data.own_conversations import make_own_benchmark
from toolchain.evaluation.commands import in_full
from toolchain.evaluation.paper import GROUPS
from toolchain.evaluation.result_file import is_result_path, read_result
from toolchain.evaluation.results import committed_results

FRESH = paths.RESULTS / "fresh"
OF_FRESH_CONVERSATIONS = (FRESH, paths.RESULTS / "further")
RESULTS = [
    *committed_results(),
    *filter(is_result_path, sorted(paths.RESULTS.glob("*.validation.*.jsonl"))),
    *(path for folder in OF_FRESH_CONVERSATIONS for path in sorted(folder.glob("*.jsonl")) if is_result_path(path)),
]


def _commands(readme: Path) -> list[list[str]]:
    lines = readme.read_text(encoding="utf-8").splitlines()
    return [shlex.split(line) for line in lines if line.startswith("bin/toolchain evaluate ")]


def _option(command: list[str], name: str, default: str = "") -> str:
    return command[command.index(name) + 1] if name in command else default


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.name)
def test_a_result_file_is_of_what_its_command_measures(path: Path) -> None:
    result = read_result(path)
    assert re.fullmatch(r"[0-9a-f]{40}", result.meta["git_commit"]), "made in a checkout that was not clean"
    if "judged" in result.meta:
        return
    relative = str(path.relative_to(paths.REPOSITORY))
    (command,) = [item for item in _commands(path.parent / "README.md") if _option(item, "--out") == relative]
    measured = {(row["method"], row["composition"]) for row in result.rows}
    methods, compositions = (_option(command, name).split(",") for name in ("--methods", "--compositions"))
    assert measured == {(method, composition) for method in methods for composition in in_full(compositions)}
    assert result.meta["engine"] == _option(command, "--engine", "python")
    assert result.meta["split"] == _option(command, "--split", "test")


def test_the_project_shows_the_groups_of_the_fresh_conversations_as_they_stand_there() -> None:
    def rows(page: Path) -> list[list[str]]:
        lines = page.read_text(encoding="utf-8").splitlines()
        return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("|")]

    there = {
        (group, method): f"{score} / {chrf} / {as_asked}"
        for group, method, score, *_, chrf, _, as_asked, _ in (
            row for row in rows(FRESH / "README.md") if len(row) == 10
        )
    }
    head = ["method", "passes", *GROUPS]
    shown = rows(paths.REPOSITORY / "README.md")
    (start,) = (index for index, row in enumerate(shown) if row == head)
    table = list(takewhile(lambda row: len(row) == len(head), shown[start + 2 :]))
    assert {row[0] for row in table} == {method for group, method in there if group in GROUPS}
    for method, _passes, *cells in table:
        assert cells == [there.get((group, method), "") for group in GROUPS]


@pytest.mark.parametrize("folder", OF_FRESH_CONVERSATIONS, ids=lambda folder: folder.name)
def test_the_tables_of_the_fresh_conversations_are_those_of_their_result_files(folder: Path, tmp_path: Path) -> None:
    own, copied = tmp_path / "own", tmp_path / folder.name
    make_own_benchmark(paths.ASSETS / "benchmark" / "fresh_conversations.jsonl", own)
    shutil.copytree(folder, copied)
    page = copied / "README.md"
    written = page.read_text(encoding="utf-8")
    page.write_text(re.sub(r"^\|.*\n", "", written, flags=re.MULTILINE), encoding="utf-8")
    subprocess.run(
        [sys.executable, "-m", "toolchain.cli", "report", "--documents", str(page)],
        env=os.environ | {"TANDEM_BENCHMARK": str(own)},
        cwd=paths.REPOSITORY,
        capture_output=True,
        check=True,
    )
    assert page.read_text(encoding="utf-8") == written, f"run `toolchain report --documents {folder / page.name}`"
