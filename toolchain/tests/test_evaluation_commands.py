"""What `evaluate` and `judge` refuse before they begin."""

from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.errors import ToolchainError
from toolchain.evaluation.commands import evaluate_command, judge_command


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"methods": "merge,lc++,merge"}, "--methods names merge"),
        ({"compositions": "summarize+es,summarize+es"}, "--compositions names summarize"),
        ({"methods": ""}, "unknown method ''"),
        ({"split": "single"}, "trained on"),
        ({"split": "calibration"}, "trained on"),
        ({"compositions": ",".join(f"summarize+es{number}" for number in range(40))}, "--out"),
    ],
)
def test_what_cannot_be_evaluated_is_told_at_once(asked: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolchainError, match=said):
        evaluate_command(**asked)


def test_a_folder_is_no_result_file(tmp_path: Path) -> None:
    with pytest.raises(ToolchainError, match="--out"):
        evaluate_command(out=tmp_path)


@pytest.mark.parametrize("asked", [{"methods": "foo"}, {"against": "foo"}])
def test_a_judge_is_asked_about_methods_that_answered(asked: dict[str, Any], tmp_path: Path) -> None:
    committed = paths.RESULTS / "summarize+es.test.python.jsonl"
    with pytest.raises(ToolchainError, match="no answers by foo"):
        judge_command(files=[committed], out=tmp_path, **asked)
