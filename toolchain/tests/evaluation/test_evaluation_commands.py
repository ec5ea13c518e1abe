"""What `evaluate` and `judge` refuse before they begin."""

from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import pytest

from toolchain import paths
from toolchain.console import named_once
from toolchain.errors import ToolchainError
from toolchain.evaluation.commands import evaluate_command, in_full, judge_command
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"methods": "merge,lc++,merge"}, "--methods names merge"),
        ({"compositions": "summarize+es,summarize+es"}, "--compositions names summarize"),
        ({"methods": ""}, "--methods"),
        ({"split": "single"}, "choose test or validation"),
        ({"split": "Test"}, "choose test or validation"),
        ({"compositions": ",".join(f"summarize+es{number}" for number in range(40))}, "--out"),
    ],
)
def test_what_cannot_be_evaluated_is_told_at_once(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolchainError, match=said):
        evaluate_command(**asked)


def test_names_may_have_spaces_around_them() -> None:
    assert named_once("--methods", "merge, lc++ ") == ["merge", "lc++"]


def test_all_compositions_are_each_main_task_with_each_auxiliary_task() -> None:
    assert in_full(["all"]) == [f"{main}+{auxiliary}" for main in MAIN_TASKS for auxiliary in AUXILIARY_TASKS]
    assert in_full(["summarize+es", "reply"]) == ["summarize+es", "reply"]


@pytest.mark.parametrize("name", ["", "x.txt", "x.answers.jsonl", "judge.test.python.jsonl"])
def test_what_is_a_folder_or_holds_something_else_is_no_result_file(name: str, tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="--out"):
        evaluate_command(out=tmp_path / name)


def test_where_nothing_can_be_written_nothing_is_answered(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ToolchainError, match=r"x\.jsonl cannot be written"):
        evaluate_command(out=tmp_path / "file" / "x.jsonl")


@pytest.mark.parametrize("content", ["", "\n", "# Notes", '{"id": "d0", "target": "x"}\n', '["format"]', b"\xff", None])
@pytest.mark.parametrize("name", ["x.jsonl", "x.answers.jsonl"])
def test_what_is_no_result_keeps_its_place_and_nothing_is_measured(
    name: str, content: str | bytes | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("toolchain.evaluation.engines.open_engine.open_engine", MagicMock(side_effect=AssertionError))
    there = tmp_path / name
    if content is None:
        there.symlink_to(tmp_path / "nowhere")
    else:
        there.write_bytes(content.encode() if isinstance(content, str) else content)
    with pytest.raises(ToolchainError, match=f"{name} is there and is no .*: give another --out, or move it away"):
        evaluate_command(out=tmp_path / "x.jsonl")


def test_of_two_evaluations_into_one_result_file_the_second_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def begun(_engine: str) -> None:
        monkeypatch.setattr(opened, MagicMock(side_effect=AssertionError))
        evaluate_command(out=tmp_path / "x.jsonl")

    opened = "toolchain.evaluation.engines.open_engine.open_engine"
    monkeypatch.setattr(opened, begun)
    with pytest.raises(ToolchainError, match=r"x\.jsonl is being written by another process"):
        evaluate_command(out=tmp_path / "x.jsonl")


@pytest.mark.parametrize("asked", [{"methods": "foo"}, {"against": "foo"}])
def test_a_judge_is_asked_about_methods_that_answered(asked: dict[str, Any], tmp_path: Path) -> None:
    committed = paths.RESULTS / "summarize+es.test.python.jsonl"
    with pytest.raises(ToolchainError, match="no answers by foo"):
        judge_command(files=[committed], out=tmp_path, **asked)


def test_a_damaged_file_of_verdicts_is_told_before_anything_is_judged(tmp_path: Path) -> None:
    (tmp_path / "judge.test.python.jsonl").write_text("{")
    with pytest.raises(ToolchainError, match=r"judge\.test\.python\.jsonl.*toolchain judge"):
        judge_command(files=[paths.RESULTS / "summarize+es.test.python.jsonl"], out=tmp_path)
