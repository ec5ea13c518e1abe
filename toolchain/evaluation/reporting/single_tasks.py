"""Each adapter on its own task."""

from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.table import Table, percent, ratio
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition


def single_tasks(results: Results, engine: str) -> Table:
    """Each adapter on its own task, beside the base without it."""
    rows = []
    for task in results.single_tasks(engine):
        metric = main_metric(Composition.of(task))
        for method in results.methods(engine, task):
            main, compared = (results.row(engine, task, method, name) for name in (metric, f"{metric} / zero-shot"))
            others = [results.row(engine, task, method, name) for name in ("chrf", "language", "tone", "copy_rate")]
            if main:
                shares = [f"{100 * row['value']:.1f}" if row else "" for row in others]
                rows.append([task, method, metric, percent(main), ratio(compared), *shares, str(main["n"])])
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
        "A copy of its text keeps much of a tone's ROUGE: see which share of an answer's words stand in the text."
    )
    return Table(f"Each task alone ({engine})", note, head, rows)
