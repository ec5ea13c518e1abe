"""Each adapter on its own task."""

from toolchain.evaluation.drawn_together import conversations_of
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.repeats import scores_by_method
from toolchain.evaluation.reporting.table import Table, percent_of, ratio_of
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition

_BASE = "zero-shot"
_SHARES = ("chrf", "language", "tone", "copy_rate")


def single_tasks(results: Results, engine: str) -> Table:
    """Each adapter on its own task, beside the base without it; means over training seeds, and intervals, of the answers themselves."""
    rows = []
    for task in results.single_tasks(engine):
        composition = Composition.of(task)
        scores = scores_by_method(results, engine, task, results.methods(engine, task))
        for method, of_it in scores.items():
            if not of_it:
                continue
            conversations = conversations_of(composition, list(of_it))
            base = scores.get(_BASE, {}) if method != _BASE else {}
            against = [base[item] for item in of_it] if base.keys() == of_it.keys() else []
            values = list(of_it.values())
            compared = ratio_of(values, against, conversations) if against else ""
            others = [results.over_seeds(engine, task, method, metric) for metric in _SHARES]
            shares = ["" if value is None else f"{100 * value:.1f}" for value in others]
            cells = [percent_of(values, conversations), compared, *shares, str(len(values))]
            rows.append([task, method, main_metric(composition), *cells])
    head = [
        "task",
        "method",
        "metric",
        "%",
        "/ zero-shot",
        "chrF, %",
        "language right, %",
        "tone right, %",
        "copied, %",
        "examples",
    ]
    note = (
        "`main` is the task's own adapter, asked as it was trained; auxiliary tasks are given the conversations' references in English. "
        "Means over training seeds where several were measured; 95 % bootstrap intervals over conversations, the texts of one drawn together. "
        "A copy of its text keeps much of a tone's ROUGE: see which share of an answer's words stand in the text."
    )
    return Table(f"Each task alone ({engine})", note, head, rows)
