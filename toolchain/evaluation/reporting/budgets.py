"""What was spent on fitting each method that learns, and what was chosen."""

from typing import Any

from toolchain.adapters.methods.registry import METHODS
from toolchain.evaluation.reporting.costs import budget_of, chosen_by, fit_log, fitted_scopes
from toolchain.evaluation.reporting.table import Table
from toolchain.evaluation.results import Results

NOT_TUNED = "none: the usual setting, not tuned"


def budgets(results: Results) -> Table:
    """What was spent on fitting each method that learns, and what was chosen."""
    rows = []
    for method in dict.fromkeys(method for engine in results.engines() for method in results.methods(engine)):
        for log in _logs(method):
            peak = f"{log['peak_rss_bytes'] / 2**30:.1f} GiB" if "peak_rss_bytes" in log else ""
            took = f"{log['seconds']:.0f}" if "seconds" in log else ""
            trained_for = log.get("composition") or f"{log['main_task']}, all compositions"
            rows.append([method, trained_for, budget_of(log), chosen_by(log), took, peak])
        if method in METHODS and METHODS[method].fit and not fitted_scopes(method):
            rows.append([method, "", NOT_TUNED, "", "", ""])
    head = ["method", "composition", "budget", "chosen", "seconds", "peak memory"]
    note = (
        "A learning rate, a density and a weight are chosen on the validation split by its loss; weights are searched on examples of the "
        "calibration split; `all`: one for all compositions. Seconds are of a machine that did other work too."
    )
    return Table("Budgets", note, head, rows)


def _logs(method: str) -> list[dict[str, Any]]:
    """The logs of a method; one that is of several compositions once."""
    logs: list[dict[str, Any]] = []
    for scope in fitted_scopes(method):
        if (log := fit_log(method, scope)) and log not in logs:
            logs.append(log)
    return logs
