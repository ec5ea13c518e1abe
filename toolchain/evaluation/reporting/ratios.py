"""Paired ratios to the data-free merge and to two-step, whichever result files the answers are in."""

from collections.abc import Sequence

from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.bootstrap import bootstrap_ratio
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.repeats import mean_over_repeats
from toolchain.evaluation.reporting.tables import Table
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition

BASELINES = ("merge", "two-step")


def ratios(results: Results, engine: str) -> Table:
    """A row for each composition and method that was measured on the conversations of a baseline."""
    split, rows = Split(results.split), []
    for name in results.compositions(engine):
        composition = Composition.of(name)
        metric = main_metric(composition)
        targets = {pair.id: pair.target for pair in composition_pairs(composition, split)}
        scores = {
            method: mean_over_repeats(results, engine, name, method, targets, (metric,))
            for method in results.methods(engine, name)
        }
        for method, of_it in scores.items():
            cells = []
            for baseline in BASELINES:
                others = scores.get(baseline, {}) if baseline != method else {}
                same = bool(of_it) and others.keys() == of_it.keys()
                cells.append(_ratio(of_it, others, metric) if same else "")
            language = results.row(engine, name, method, "language")
            cells.append(f"{100 * language['value']:.1f}" if language else "")
            if any(cells):
                rows.append([name, method, *cells, str(len(of_it))])
    head = ["composition", "method", *(f"/ {name}" for name in BASELINES), "language right, %", "conversations"]
    note = (
        "Ratios of the means of the main metric, over training seeds where several were measured, with paired-bootstrap 95 % intervals. "
        "The language check is a rule (lingua), not a judge."
    )
    return Table(f"Ratios ({engine})", note, head, rows)


def ratio_of(values: Sequence[float], others: Sequence[float]) -> str:
    """The ratio of the means with its interval; empty where the others' mean may be 0."""
    found = bootstrap_ratio(values, others, seed=0)
    return f"{found.value:.2f} [{found.low:.2f}, {found.high:.2f}]" if found else ""


def _ratio(of_it: dict[str, dict[str, float]], others: dict[str, dict[str, float]], metric: str) -> str:
    return ratio_of([of_it[id][metric] for id in of_it], [others[id][metric] for id in of_it])
