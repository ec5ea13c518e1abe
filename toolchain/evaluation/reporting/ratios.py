"""Paired ratios to the data-free merge and to two-step, whichever result files the answers are in."""

from toolchain.evaluation.reporting.repeats import scores_by_method
from toolchain.evaluation.reporting.table import Table, ratio_of
from toolchain.evaluation.results import Results
from toolchain.evaluation.rows import BASELINES


def ratios(results: Results, engine: str) -> Table:
    """A row for each composition and method that was measured on the conversations of a baseline."""
    rows = []
    for name in results.compositions(engine):
        scores = scores_by_method(results, engine, name, results.methods(engine, name))
        for method, of_it in scores.items():
            cells = []
            for baseline in BASELINES:
                others = scores.get(baseline, {}) if baseline != method else {}
                same = bool(of_it) and others.keys() == of_it.keys()
                cells.append(ratio_of(list(of_it.values()), [others[item] for item in of_it]) if same else "")
            language = results.over_seeds(engine, name, method, "language")
            cells.append("" if language is None else f"{100 * language:.1f}")
            if any(cells):
                rows.append([name, method, *cells, str(len(of_it))])
    head = ["composition", "method", *(f"/ {name}" for name in BASELINES), "language right, %", "conversations"]
    note = (
        "Means over training seeds where several were measured; ratios are of the means of the main metric, with paired-bootstrap 95 % intervals. "
        "The language check is a rule (lingua), not a judge."
    )
    return Table(f"Ratios ({engine})", note, head, rows)
