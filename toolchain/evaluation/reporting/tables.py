"""The tables of a report, as rows of text; Markdown and HTML show the same."""

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import correlation, mean
from typing import Any

from toolchain.adapters.methods.registry import METHODS
from toolchain.evaluation.bootstrap import bootstrap_mean
from toolchain.evaluation.paper import GROUPS, TABLE_1, TABLE_2, group_of, main_metric
from toolchain.evaluation.reporting.costs import budget_of, chosen_by, cost, fit_log, fitted_scopes
from toolchain.evaluation.results import Results
from toolchain.evaluation.rows import FASTER, PAIRED, PAIRED_RATIO, TIMED_AGAINST
from toolchain.markdown import markdown_table
from toolchain.scale.parameters import BYTES_PER_PARAMETER
from toolchain.tasks import Composition

_ORDERED = 5
"""Fewest methods whose order is compared with the paper's."""
NOT_TUNED = "none: the usual setting, not tuned"


@dataclass(frozen=True)
class Table:
    """A title, what to know before reading it, a head and rows."""

    title: str
    note: str
    head: list[str]
    rows: list[list[str]]

    def markdown(self) -> str:
        """Head and rows, without title and note."""
        return markdown_table(self.head, self.rows)


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
    if any(len(of_it) >= _ORDERED for of_it in order.values()):
        correlations = [
            f"{rank_correlation(of_it):.2f} of {len(of_it)} methods" if len(of_it) >= _ORDERED else ""
            for of_it in order.values()
        ]
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


def rank_correlation(pairs: Sequence[tuple[float, float]]) -> float:
    """Spearman's rho: 1 where both orders are the same, -1 where they are opposite; equal values share their mean rank; 0 where all are equal."""

    def ranks(values: Sequence[float]) -> list[float]:
        return [
            sum(other < value for other in values) + sum(other == value for other in values) / 2 for value in values
        ]

    first, second = zip(*pairs, strict=True)
    if len(set(first)) == 1 or len(set(second)) == 1:
        return 0.0
    return correlation(ranks(first), ranks(second))


def table_2(results: Results) -> Table:
    """Cost for each composition, ours beside the paper's."""
    compositions = {name: Composition.of(name) for engine in results.engines() for name in results.compositions(engine)}
    rows = []
    for method in dict.fromkeys(method for engine in results.engines() for method in results.methods(engine)):
        costs = [cost(method, item) for item in compositions.values()]
        passes, parameters = sorted({item.passes for item in costs}), max(item.parameters for item in costs)
        timed = seconds(results, list(compositions), method)
        paper = TABLE_2.get((METHODS[method].paper if method in METHODS else None) or "", ("", "", ""))
        size = f"{parameters * BYTES_PER_PARAMETER / 2**20:.2f} MiB"
        rows.append(
            [
                method,
                "-".join(map(str, passes)),
                f"{parameters:,}",
                size,
                ", ".join(f"{spent:.1f} ({name})" for name, spent in timed.items()) or "not timed",
                *paper,
            ]
        )
    head = [
        "method",
        "passes",
        "parameters",
        "storage",
        "seconds",
        "passes, paper",
        "parameters, paper",
        "storage, paper",
    ]
    note = (
        "What a composition costs beyond the single-task adapters, fp16; passes for two tasks, and for three where those were measured. "
        "Seconds: prefill + decode on the device core, median over conversations, timed in pairs on a shared machine: only the ratio "
        "of those of one composition counts."
    )
    return Table("Table 2: cost", note, head, rows)


def seconds(results: Results, compositions: Sequence[str], method: str) -> dict[str, float]:
    """Prefill and decode on the device core, by composition that was timed."""
    rows = {name: results.row("device", name, method, PAIRED) for name in compositions}
    return {name: row["value"] / 1000 for name, row in rows.items() if row}


def time_ratio(results: Results, compositions: Sequence[str], method: str) -> float | None:
    """Prefill and decode on the device core as a share of two-step's on the same conversations, the mean over the compositions that were timed.

    None where none was: compositions are of unlike lengths, so that their seconds can't be compared.
    """
    timed = list(seconds(results, compositions, method))
    if timed and method == TIMED_AGAINST:
        return 1.0
    rows = [results.row("device", name, method, PAIRED_RATIO) for name in timed]
    values = [row["value"] for row in rows if row]
    return mean(values) if values else None


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


def device_times(results: Results) -> Table:
    """One pass against two on the device core, in pairs."""
    rows = []
    for (engine, composition, method, metric), row in results.rows.items():
        if engine == "device" and metric == PAIRED_RATIO:
            faster = results.row(engine, composition, method, FASTER)
            peak = results.row(engine, composition, method, "peak_rss_bytes")
            rows.append(
                [
                    composition,
                    method,
                    ratio(row),
                    f"{round(faster['value'] * faster['n'])} of {faster['n']}" if faster else "",
                    f"{peak['value'] / 2**20:.0f} MiB" if peak else "",
                ]
            )
    head = ["composition", "method", "time / two-step", "faster on", "peak memory"]
    note = "Prefill + decode on the device core; median of the ratios of single conversations, each timed in both modes one right after the other."
    return Table("One pass against two (device)", note, head, rows)


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


def ratio(row: dict[str, Any] | None) -> str:
    """A ratio with its interval; nothing where it was not measured."""
    return f"{row['value']:.2f} [{row['interval'][0]:.2f}, {row['interval'][1]:.2f}]" if row else ""


def points(values: Sequence[float], others: Sequence[float]) -> str:
    """The mean difference of shares of the same conversations, in points, with its interval."""
    found = bootstrap_mean([100 * (value - other) for value, other in zip(values, others, strict=True)], seed=0)
    value, low, high = (f"{number:+.2f}" for number in (found.value, found.low, found.high))
    return f"{value} [{low}, {high}]"


def percent(row: dict[str, Any]) -> str:
    """A share with its interval."""
    value, low, high = (100 * number for number in (row["value"], *row["interval"]))
    return f"{value:.1f} [{low:.1f}, {high:.1f}]"
