"""The paper's four compositional tasks as groups: each method's mean over their sub-tasks, compared in pairs, whole conversations resampled.

The same conversations are asked in every language and tone. Drawing them whole keeps their scores, which rise and fall together, from
counting as independent.
"""

from collections.abc import Mapping, Sequence
from statistics import mean

from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.paper import GROUPS, group_of, main_metric
from toolchain.evaluation.reporting.repeats import mean_over_repeats
from toolchain.evaluation.reporting.table import Table, points, ratio_of
from toolchain.evaluation.results import Results
from toolchain.tasks import Composition, TaskKind

DATA_FREE_MERGES = ("linear", "merge", "ties", "dare", "slerp", "task-arithmetic")
Scores = dict[str, list[float]]
"""By metric: a value for each conversation, the mean over the sub-tasks of a group."""


def group_table(results: Results, engine: str) -> Table:
    """A row for each group and each method that was measured on all its measured sub-tasks."""
    split = Split(results.split)
    compositions = [Composition.of(name) for name in results.compositions(engine)]
    rows = []
    for group in GROUPS:
        members = [item for item in compositions if group_of(item) == group]
        if not members:
            continue
        metric = main_metric(members[0])
        targets = {item.name: {pair.id: pair.target for pair in composition_pairs(item, split)} for item in members}
        found = {method: _scores(results, engine, method, targets, metric) for method in results.methods(engine)}
        scores = {method: of_it for method, of_it in found.items() if of_it}
        merges = [method for method in DATA_FREE_MERGES if method in scores]
        best = max(merges, key=lambda method: mean(scores[method][metric]), default=None)
        for method, of_it in scores.items():
            values = of_it[metric]
            against = {name: scores[name] for name in (best, "two-step", "lc++") if name in scores and name != method}
            cells = [
                f"{100 * mean(values):.2f}",
                points(values, against[best][metric]) + f" ({best})" if best in against else "",
                ratio_of(values, against["two-step"][metric]) if "two-step" in against else "",
                points(values, against["lc++"][metric]) if "lc++" in against else "",
                f"{100 * mean(of_it['chrf']):.2f}",
                points(of_it["chrf"], against["lc++"]["chrf"]) if "lc++" in against else "",
                _as_asked(results, engine, method, members),
            ]
            rows.append([group, method, *cells, f"{len(values)} x {len(members)}"])
    head = [
        "group",
        "method",
        "%",
        "minus best data-free merge",
        "over two-step",
        "minus lc++",
        "chrF, %",
        "chrF minus lc++",
        "as asked, %",
    ]
    note = (
        "ROUGE-L of summaries (S), weighted ROUGE of replies (R), unicode words: means over the sub-tasks, differences in points, "
        "with paired-bootstrap 95 % intervals over conversations. "
        "The best data-free merge is the best of those that stand here. Means over training seeds where several were measured. "
        "As asked: answers in the language (by lingua), in the tone (by a rule on words) that was asked for."
    )
    return Table(f"Groups of sub-tasks ({engine})", note, [*head, "conversations x sub-tasks"], rows)


def _scores(
    results: Results, engine: str, method: str, targets: Mapping[str, Mapping[str, str]], metric: str
) -> Scores | None:
    """None where a sub-task was not measured, or not on the conversations of the others; `targets` by sub-task and conversation."""
    measured = [
        mean_over_repeats(results, engine, name, method, of_it, (metric, "chrf")) for name, of_it in targets.items()
    ]
    ids = sorted(measured[0])
    if not ids or any(sorted(of_it) != ids for of_it in measured):
        return None
    return {name: [mean(of_it[item][name] for of_it in measured) for item in ids] for name in (metric, "chrf")}


def _as_asked(results: Results, engine: str, method: str, members: Sequence[Composition]) -> str:
    """The share of answers, in %, in the language or tone of the last task; empty where a sub-task has no such metric, as of a tone
    that the benchmark does not teach."""
    metrics = ["tone" if item.tasks[-1].kind is TaskKind.TONE else "language" for item in members]
    found = [
        results.over_seeds(engine, item.name, method, metric) for item, metric in zip(members, metrics, strict=True)
    ]
    shares = [share for share in found if share is not None]
    return f"{100 * mean(shares):.0f}" if len(shares) == len(members) else ""
