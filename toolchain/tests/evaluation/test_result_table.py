"""The table that `evaluate` prints."""

import pytest

from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.metric_table import HEADS
from toolchain.evaluation.reporting.result_table import markdown
from toolchain.evaluation.result_file import Result
from toolchain.evaluation.rows import baselines_of
from toolchain.tasks import Composition


@pytest.mark.parametrize(("composition", "main"), [("reply+es", "W-R"), ("summarize+es", "R-L"), ("es", "chrF")])
def test_a_printed_table_compares_in_the_main_metric(composition: str, main: str) -> None:
    metric, (baseline, *_) = main_metric(Composition.of(composition)), baselines_of(composition)
    shared = {"composition": composition, "method": "lc++", "interval": [0.1, 0.3], "n": 4}
    rows = [shared | {"metric": name, "value": 0.2} for name in (*HEADS, f"{metric} / {baseline}")]
    head, _, row = markdown(Result({"split": "test"}, rows, [])).split("\n")[2:5]
    cells = dict(zip(head.split(" | "), row.split(" | "), strict=True))
    assert "0.20 [0.10, 0.30]" in cells[next(name for name in cells if name.startswith(f"{main} / {baseline}"))]
    assert ("W-R" in cells) == (main == "W-R")
    assert sum(" / " in name for name in cells) == 1, "a baseline that was not asked for has no column"


def test_what_was_asked_and_not_measured_has_no_table() -> None:
    prompt = {"composition": "summarize+es", "method": "linear", "metric": "prompt", "value": "0"}
    assert markdown(Result({"split": "test"}, [prompt], [])) == ""
