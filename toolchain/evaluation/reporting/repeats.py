"""The same method trained with several seeds: its mean over them, and how far they are apart."""

from collections.abc import Mapping, Sequence
from statistics import mean

from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.table import Table, points
from toolchain.evaluation.results import Results
from toolchain.overlap import overlap_metrics
from toolchain.tasks import Composition

AGAINST = ("merge", "lc++")


def mean_over_repeats(
    results: Results, engine: str, name: str, method: str, targets: Mapping[str, str], metrics: Sequence[str]
) -> dict[str, dict[str, float]]:
    """The metrics of each conversation of `targets` (by id) that all measured seeds of the method answered, each the mean over them."""
    answers = [
        {conversation: results.answers.get((engine, name, repeat, conversation)) for conversation in targets}
        for repeat in results.repeats(engine, name, method)
    ]
    scores: dict[str, dict[str, float]] = {}
    for conversation, target in targets.items():
        given = [answer for of_it in answers if (answer := of_it[conversation]) is not None]
        if given and len(given) == len(answers):
            found = [overlap_metrics(answer, target) for answer in given]
            scores[conversation] = {metric: mean(item[metric] for item in found) for metric in metrics}
    return scores


def scores_by_method(results: Results, engine: str, name: str, methods: Sequence[str]) -> dict[str, dict[str, float]]:
    """Of each method the main metric of composition `name` by conversation, as `mean_over_repeats` has it."""
    composition = Composition.of(name)
    metric = main_metric(composition)
    targets = {pair.id: pair.target for pair in composition_pairs(composition, Split(results.split))}
    found = {method: mean_over_repeats(results, engine, name, method, targets, (metric,)) for method in methods}
    return {method: {item: values[metric] for item, values in of_it.items()} for method, of_it in found.items()}


def repeats_table(results: Results, engine: str) -> Table:
    """A row for each method of which several seeds were measured on a composition, against those that it is to be better than."""
    rows = []
    for name in results.compositions(engine):
        metric = main_metric(Composition.of(name))
        methods = results.methods(engine, name)
        repeated = [method for method in methods if len(results.repeats(engine, name, method)) > 1]
        compared = [method for method in methods if repeated and method in {*repeated, *AGAINST}]
        scores = scores_by_method(results, engine, name, compared)
        for method in repeated:
            single = [results.row(engine, name, repeat, metric) for repeat in results.repeats(engine, name, method)]
            seeds = ", ".join(f"{100 * row['value']:.2f}" for row in single if row)
            if not (ids := sorted(scores[method])):
                continue
            own = [scores[method][conversation] for conversation in ids]
            cells = []
            for other in AGAINST:
                others = scores.get(other, {}) if other != method else {}
                same = others.keys() == scores[method].keys()
                cells.append(points(own, [others[conversation] for conversation in ids]) if same else "")
            rows.append([name, method, f"{100 * mean(own):.2f}", seeds, *cells, str(len(own))])
    head = ["composition", "method", "mean, %", "each seed", *(f"- {other}" for other in AGAINST), "conversations"]
    note = (
        "The main metric of methods that were trained with several seeds; differences, in points, of the means over seeds, "
        "with paired-bootstrap 95 % intervals over conversations."
    )
    return Table(f"Seeds ({engine})", note, head, rows)
