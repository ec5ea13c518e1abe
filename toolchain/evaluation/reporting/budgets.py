"""What was spent on fitting each method that learns, and what was chosen."""

from pathlib import Path
from typing import Any

from toolchain.adapters.methods.registry import METHODS
from toolchain.errors import ToolchainError
from toolchain.evaluation.reporting.costs import budget_of, chosen_by, fit_log, fitted_scopes, log_path
from toolchain.evaluation.reporting.table import Table
from toolchain.evaluation.results import Results

NOT_TUNED = "none: the usual setting, not tuned"


def budgets(results: Results) -> Table:
    """What was spent on fitting each method that learns, and what was chosen.

    Raises:
        ToolchainError: a log is damaged.
    """
    rows: list[list[str]] = []
    for method in dict.fromkeys(method for engine in results.engines() for method in results.methods(engine)):
        rows.extend(_row(method, path, log) for path, log in _logs(method))
        if method in METHODS and METHODS[method].fit and not fitted_scopes(method):
            rows.append([method, "", NOT_TUNED, "", "", ""])
    head = ["method", "composition", "budget", "chosen", "seconds", "peak memory"]
    note = (
        "A learning rate, a density and a weight are chosen on the validation split by its loss; weights are searched on examples of the "
        "calibration split; `all`: one for all compositions. Seconds are of a machine that did other work too."
    )
    return Table("Budgets", note, head, rows)


def _row(method: str, path: Path, log: dict[str, Any]) -> list[str]:
    try:
        peak = f"{log['peak_rss_bytes'] / 2**30:.1f} GiB" if "peak_rss_bytes" in log else ""
        took = f"{log['seconds']:.0f}" if "seconds" in log else ""
        trained_for = log.get("composition") or f"{log['main_task']}, all compositions"
        return [method, trained_for, budget_of(log), chosen_by(log), took, peak]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ToolchainError(
            f"{path} does not say what {method} was fitted with: restore it, or make what it is of again"
        ) from None


def _logs(method: str) -> list[tuple[Path, dict[str, Any]]]:
    """The logs of a method; one that is of several compositions once."""
    logs: list[tuple[Path, dict[str, Any]]] = []
    for scope in fitted_scopes(method):
        if (log := fit_log(method, scope)) and log not in (known for _, known in logs):
            logs.append((log_path(method, scope), log))
    return logs
