"""What methods cost and were fitted with: of what was measured, by the logs of that."""

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from toolchain import paths
from toolchain.adapters.methods.calibrated import calibration_log_path, read_committed
from toolchain.adapters.methods.scope import trained_with
from toolchain.evaluation.reporting.budgets import budgets
from toolchain.evaluation.reporting.costs import cost
from toolchain.evaluation.reporting.fittings import ANOTHER, NO_LOG, NOT_TUNED
from toolchain.evaluation.reporting.paper_tables import table_2
from toolchain.evaluation.reporting.plots import quality_against_cost
from toolchain.evaluation.results import Results, committed_results, read_results
from toolchain.tasks import Composition
from toolchain.tests.evaluation.made_results import made_results

ES, FR = "summarize+es", "summarize+fr"


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The committed logs, to be changed."""
    for name in ("CALIBRATIONS", "RESULTS"):
        monkeypatch.setattr(paths, name, shutil.copytree(getattr(paths, name), tmp_path / name))
    return tmp_path


def _changed(name: str, method: str, seed: int, content: dict[str, Any]) -> None:
    path = calibration_log_path(trained_with(Composition.parse(name), seed), method)
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | content), encoding="utf-8")


def _budgets(*measured: tuple[str, str], results: Results | None = None) -> list[list[str]]:
    return budgets(results or made_results(dict.fromkeys(measured, 0.5))).rows


def _row(results: Results, method: str) -> dict[str, str]:
    table = table_2(results)
    return next(dict(zip(table.head, row, strict=True)) for row in table.rows if row[0] == method)


def test_the_passes_of_two_and_of_three_tasks_stand_beside_each_other() -> None:
    measured = {(name, "two-step"): 0.5 for name in ("summarize+es", "summarize+witty+fr")}
    (row,) = table_2(made_results(measured)).rows
    assert row[:3] == ["two-step", "2 of 2", "2-3"]


def test_a_composition_costs_what_its_calibration_holds_and_what_is_shared_is_counted_whole() -> None:
    methods = ("merge", "lc", "lc++", "lc++-shared")
    rows = {
        row[0]: row[3:5] for row in table_2(made_results({("summarize+es", method): 0.5 for method in methods})).rows
    }
    held = {name: read_committed(Composition.parse("summarize+es"), name).parameters for name in ("lc", "lc++")}
    for method, parameters in {"merge": 0, **held, "lc++-shared": held["lc++"]}.items():
        assert rows[method] == [f"{parameters:,}", f"{2 * parameters / 2**20:.2f} MiB"], method


def test_a_budget_is_that_of_each_seed_and_composition_that_was_measured_and_of_no_other(logs: Path) -> None:
    for name, seed in ((ES, 0), (ES, 1), (FR, 0)):
        _changed(name, "lc++", seed, {"seconds": 1000 * (seed + 1) + len(name)})
    assert [[*row[:2], row[4]] for row in _budgets((ES, "lc++@1"))] == [["lc++@1", ES, "2012"]]
    both = _budgets((ES, "lc++"), (ES, "lc++@1"), (FR, "lc++@2"))
    assert [row[:2] for row in both] == [["lc++", ES], ["lc++@1", ES], ["lc++@2", FR]]
    assert [row[4] for row in both[:2]] == ["1012", "2012"]


def test_a_fitting_that_several_compositions_share_has_one_budget() -> None:
    for method, fitted_for in (("lc++-shared", "all"), ("lc++s", "summarize, all compositions")):
        assert [row[:2] for row in _budgets((ES, method), (FR, method))] == [[method, fitted_for]]


def test_a_log_that_is_of_other_adapters_than_were_measured_is_not_shown_as_theirs(logs: Path) -> None:
    results = made_results({(ES, "lc++"): 0.5, (ES, "lc++@1"): 0.5, (FR, "lc++"): 0.5})
    log = json.loads(calibration_log_path(Composition.parse(ES), "lc++").read_text(encoding="utf-8"))
    results.metas["x.jsonl"].update({key: log[key] for key in ("base_sha256", "adapter_sha256")})
    assert not [row for row in _budgets(results=results) if row[2] == ANOTHER]
    _changed(ES, "lc++", 1, {"adapter_sha256": log["adapter_sha256"] | {"es": "0" * 64}})
    assert [row[:3] for row in _budgets(results=results) if row[2] == ANOTHER] == [["lc++@1", ES, ANOTHER]]
    assert (cost(results, "python", ES, "lc++").parameters, cost(results, "python", FR, "lc++").parameters) == (
        None,
        log["parameters"],
    )
    assert _row(results, "lc++")["parameters"] == f"{log['parameters']:,} (not known of 1)"
    _changed(FR, "lc++", 0, {"base_sha256": "0" * 64})
    assert _row(results, "lc++")["parameters"] == "not known"
    assert _row(results, "lc++")["storage"] == ""
    assert "of unknown size: lc++" in " ".join(quality_against_cost(results, "python").split())


@pytest.mark.parametrize(
    ("method", "said", "parameters"), [("lc++", NO_LOG, None), ("dam", NO_LOG, None), ("ties", NOT_TUNED, 0)]
)
def test_what_has_no_log_is_said_to_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, method: str, said: str, parameters: int | None
) -> None:
    for name in ("CALIBRATIONS", "RESULTS"):
        monkeypatch.setattr(paths, name, tmp_path)
    assert [row[:3] for row in _budgets((ES, method))] == [[method, ES, said]]
    assert cost(made_results({(ES, method): 0.5}), "python", ES, method).parameters == parameters


def test_a_cost_is_of_the_compositions_that_the_method_was_measured_on_and_says_of_how_many(logs: Path) -> None:
    for name, parameters in ((ES, 10), (FR, 999)):
        _changed(name, "lc++", 0, {"parameters": parameters})
    _changed(ES, "lc++", 1, {"parameters": 20})
    three = "summarize+witty+fr"
    results = made_results({(ES, "lc++"): 0.5, (FR, "merge"): 0.5, (three, "merge"): 0.5, (ES, "two-step"): 0.5})
    assert (_row(results, "lc++")["compositions"], _row(results, "lc++")["parameters"]) == ("1 of 3", "10")
    assert (_row(results, "two-step")["compositions"], _row(results, "two-step")["passes"]) == ("1 of 3", "2")
    assert _row(results, "merge")["compositions"] == "2 of 3"
    assert _row(made_results({(ES, "lc++@1"): 0.5}), "lc++")["parameters"] == "20"


def test_what_is_not_in_the_registry_was_fitted_with_what_nobody_knows() -> None:
    results = made_results({(ES, "mine"): 0.5})
    assert (_budgets(results=results), _row(results, "mine")["compositions"]) == ([], "1 of 1")


def test_the_logs_of_the_committed_results_are_committed() -> None:
    rows = budgets(read_results(committed_results())).rows
    assert rows
    assert not [row for row in rows if row[2] in (NO_LOG, ANOTHER)]
