"""Tables 1 and 2 of the paper, ours beside the paper's: quality by group, and what a composition costs."""

from collections.abc import Sequence
from statistics import correlation, mean

from toolchain.adapters.methods.registry import METHODS
from toolchain.evaluation.paper import GROUPS, TABLE_1, TABLE_2, group_of, main_metric
from toolchain.evaluation.reporting.costs import cost
from toolchain.evaluation.reporting.device_times import seconds
from toolchain.evaluation.reporting.table import Table
from toolchain.evaluation.results import Results
from toolchain.scale.parameters import BYTES_PER_PARAMETER
from toolchain.tasks import Composition

_ORDERED = 5
"""Fewest methods whose order is compared with the paper's."""


def table_1(results: Results, engine: str, names: Sequence[str] | None = None, *, paper_words: bool = False) -> Table:
    """Quality by group, ours beside the paper's; a mean over the sub-tasks of a group that were measured, or over those of `names`.

    `paper_words`: of words as the paper's tokenizer cuts them, which splits accented ones. Methods stand in the order of the registry, which
    is the paper's; where every group was measured, those of the paper that were not are among them.
    """
    compositions = [Composition.of(name) for name in (names or results.compositions(engine))]
    rows, suffix = [], "_paper" if paper_words else ""
    order: dict[str, list[tuple[float, float]]] = {group: [] for group in GROUPS}
    shown = methods_of_all(results, engine, names) if names else results.methods(engine)
    if not names and {group_of(item) for item in compositions} >= set(GROUPS):
        shown = [*shown, *(method.id for method in METHODS.values() if method.paper and method.id not in shown)]
    for method in sorted(shown, key=lambda method: [*METHODS, method].index(method)):
        paper = METHODS[method].paper if method in METHODS else None
        cells = []
        for index, group in enumerate(GROUPS):
            members = [item for item in compositions if group_of(item) == group]
            found = [results.over_seeds(engine, item.name, method, main_metric(item) + suffix) for item in members]
            values = [value for value in found if value is not None]
            if paper and values and len(values) == len(members):
                order[group].append((mean(values), TABLE_1[paper][index]))
            ours = f"{100 * mean(values):.2f}" if values else "not run" if members else ""
            cells += [ours + (f" ({len(values)} of {len(members)})" if 0 < len(values) < len(members) else "")]
            cells += [f"{TABLE_1[paper][index]:.2f}" if paper and members else ""]
        rows.append([method, paper or "", *cells])
    correlations = [_order_told(of_it) for of_it in order.values()]
    if any(correlations):
        rows.append(
            ["rank correlation", "of both columns (Spearman)", *(cell for text in correlations for cell in (text, ""))]
        )
    words = "words of the paper's tokenizer (rouge-score's own, with stemming)" if paper_words else "unicode words"
    head = ["method", "in the paper"] + [text for group in GROUPS for text in (group, f"{group}, paper")]
    note = (
        f"ROUGE-L of summaries (S), weighted ROUGE of replies (R), {words}, {results.split} split, mean over languages (Tr) or tones, "
        "and over training seeds where several were measured, in %. "
        "The paper's models have 1-1.6B parameters and its data is another: compare orderings and ratios, not levels. "
        f"Sub-tasks measured: {', '.join(item.name for item in compositions)}."
    )
    where = " on the sub-tasks that all methods share" if names else " by the paper's tokenizer" if paper_words else ""
    return Table(f"Table 1: quality{where} ({engine})", note, head, rows)


def shared_sub_tasks(results: Results, engine: str) -> list[str]:
    """The sub-tasks on which every measured method of the paper was measured: there they can be compared."""
    compared = [name for name in results.methods(engine) if name in METHODS and METHODS[name].paper]
    return [
        name
        for name in results.compositions(engine)
        if compared and set(compared) <= set(results.methods(engine, name))
    ]


def methods_of_all(results: Results, engine: str, names: Sequence[str]) -> list[str]:
    """The methods that were measured on each of the sub-tasks."""
    return [
        method for method in results.methods(engine) if all(method in results.methods(engine, name) for name in names)
    ]


def _order_told(pairs: Sequence[tuple[float, float]]) -> str:
    """Nothing of few methods, nor where all are equal."""
    found = rank_correlation(pairs) if len(pairs) >= _ORDERED else None
    return "" if found is None else f"{found:.2f} of {len(pairs)} methods"


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float | None:
    """Spearman's rho: 1 where both orders are the same, -1 where they are opposite; equal values share their mean rank; None where all
    values of a column are equal, which is no order."""

    def ranks(values: Sequence[float]) -> list[float]:
        return [
            sum(other < value for other in values) + sum(other == value for other in values) / 2 for value in values
        ]

    first, second = zip(*pairs, strict=True)
    if len(set(first)) == 1 or len(set(second)) == 1:
        return None
    return correlation(ranks(first), ranks(second))


def table_2(results: Results) -> Table:
    """Cost for each composition that a method was measured on, ours beside the paper's."""
    measured = [(engine, name) for engine in results.engines() for name in results.compositions(engine)]
    compositions = list(dict.fromkeys(name for _, name in measured))
    rows = []
    for method in dict.fromkeys(method for engine in results.engines() for method in results.methods(engine)):
        of_it = [(engine, name) for engine, name in measured if method in results.methods(engine, name)]
        costs = {(engine, name): cost(results, engine, name, method) for engine, name in of_it}
        passes = sorted({item.passes for item in costs.values()})
        parameters = max((item.parameters for item in costs.values() if item.parameters is not None), default=None)
        untold = len({name for (_, name), item in costs.items() if item.parameters is None})
        timed = seconds(results, compositions, method)
        paper = TABLE_2.get((METHODS[method].paper if method in METHODS else None) or "", ("", "", ""))
        rows.append(
            [
                method,
                f"{len({name for _, name in of_it})} of {len(compositions)}",
                "-".join(map(str, passes)),
                _told(parameters, untold),
                "" if parameters is None else f"{parameters * BYTES_PER_PARAMETER / 2**20:.2f} MiB",
                ", ".join(f"{spent:.1f} ({name})" for name, spent in timed.items()) or "not timed",
                *paper,
            ]
        )
    head = [
        "method",
        "compositions",
        "passes",
        "parameters",
        "storage",
        "seconds",
        "passes, paper",
        "parameters, paper",
        "storage, paper",
    ]
    note = (
        "What a composition costs beyond the single-task adapters, fp16, the most of those that a method was measured on; of how many of all "
        "that were measured here that is, the second column says. Passes for two tasks, and for three where those were measured. "
        "Seconds: prefill + decode on the device core, median over conversations, timed in pairs on a shared machine: only the ratio "
        "of those of one composition counts."
    )
    return Table("Table 2: cost", note, head, rows)


def _told(parameters: int | None, untold: int) -> str:
    """The parameters, and of how many compositions no log tells them."""
    if parameters is None:
        return "not known"
    return f"{parameters:,}" + (f" (not known of {untold})" if untold else "")
