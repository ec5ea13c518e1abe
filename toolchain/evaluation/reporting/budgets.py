"""What was spent on fitting each method that learns, and what was chosen."""

from toolchain.errors import ToolchainError
from toolchain.evaluation.reporting.costs import budget_of, chosen_by
from toolchain.evaluation.reporting.fittings import Fitting, measured_fittings
from toolchain.evaluation.reporting.table import Table
from toolchain.evaluation.results import Results


def budgets(results: Results) -> Table:
    """What was spent on fitting each method that learns, and what was chosen: of what has answers here, each training seed by itself.

    Raises:
        ToolchainError: a log is damaged.
    """
    rows: list[list[str]] = []
    for method in dict.fromkeys(method for engine in results.engines() for method in results.methods(engine)):
        measured = (
            fitting
            for engine in results.engines()
            for name in results.compositions(engine)
            for fitting in measured_fittings(results, engine, name, method)
        )
        # A log may be of several compositions, and a composition measured on several engines.
        found = {fitting.path: fitting for fitting in measured}
        rows.extend(sorted(_row(fitting) for fitting in found.values()))
    head = ["method", "composition", "budget", "chosen", "seconds", "peak memory"]
    note = (
        "Of the fittings that were measured; `lc++@1` is lc++ as seed 1 trained it. "
        "A learning rate, a density and a weight are chosen on the validation split by its loss; weights are searched on examples of the "
        "calibration split; `all`: one for all compositions. Seconds are of a machine that did other work too."
    )
    return Table("Budgets", note, head, rows)


def _row(fitting: Fitting) -> list[str]:
    method, log = fitting.method, fitting.log
    if fitting.untold:
        return [method, fitting.scope.name, fitting.untold, "", "", ""]
    try:
        peak = f"{log['peak_rss_bytes'] / 2**30:.1f} GiB" if "peak_rss_bytes" in log else ""
        took = f"{log['seconds']:.0f}" if "seconds" in log else ""
        trained_for = log.get("composition") or f"{log['main_task']}, all compositions"
        return [method, trained_for, budget_of(log), chosen_by(log), took, peak]
    except (KeyError, TypeError, ValueError, AttributeError):
        raise ToolchainError(
            f"{fitting.path} does not say what {method} was fitted with: restore it, or make what it is of again"
        ) from None
