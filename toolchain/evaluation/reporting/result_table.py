"""One result file as a Markdown table: what `evaluate` prints and what the README shows."""

from toolchain.evaluation.paper import main_metric
from toolchain.evaluation.reporting.metric_table import HEADS
from toolchain.evaluation.reporting.table import ratio
from toolchain.evaluation.result_file import Result, ResultRow
from toolchain.evaluation.rows import baselines_of
from toolchain.markdown import markdown_table
from toolchain.tasks import Composition, TaskKind

_LEFT_TO_THE_REPORT = {"copy_rate"}
_OF_REPLIES = {"weighted_rouge", "weighted_rouge_paper"}


def markdown(result: Result) -> str:
    """One table for each composition, or task alone: means in %, and the paired ratios with their 95 % intervals."""
    lines: list[str] = []
    rows = result.rows
    for composition in dict.fromkeys(row["composition"] for row in rows if "n" in row):
        chosen = {(row["method"], row["metric"]): row for row in rows if row["composition"] == composition}
        methods = list(dict.fromkeys(method for method, _ in chosen))
        n = next(row["n"] for row in chosen.values() if "n" in row)
        lines += [
            f"`{composition}`, {result.meta['split']} split, {n} {_counted(composition)}, unicode ROUGE F1 unless said otherwise, in %:",
            "",
        ]
        main = main_metric(Composition.of(composition))
        measured = {metric for _, metric in chosen}
        hidden = _LEFT_TO_THE_REPORT if main in _OF_REPLIES else _LEFT_TO_THE_REPORT | _OF_REPLIES
        columns = {metric: head for metric, head in HEADS.items() if metric not in hidden and metric in measured}
        ratios = {
            f"{main} / {baseline}": f"{HEADS[main]} / {baseline}"
            for baseline in baselines_of(composition)
            if f"{main} / {baseline}" in measured
        }
        head = ["method", *columns.values(), *ratios.values()]
        cells = [
            [
                method,
                *(_percent(chosen.get((method, metric))) for metric in columns),
                *(ratio(chosen.get((method, compared))) for compared in ratios),
            ]
            for method in methods
        ]
        lines += [markdown_table(head, cells), ""]
    return "\n".join(lines)


def _percent(row: ResultRow | None) -> str:
    return f"{100 * row['value']:.1f}" if row else ""


def _counted(composition: str) -> str:
    return "conversations" if Composition.of(composition).tasks[0].kind is TaskKind.MAIN else "texts"
