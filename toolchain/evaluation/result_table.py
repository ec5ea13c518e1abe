"""One result file as a Markdown table: what `evaluate` prints and what the README shows."""

from typing import Any

from toolchain.evaluation.result_file import Result
from toolchain.evaluation.rows import baselines_of
from toolchain.evaluation.tables import ratio
from toolchain.markdown import markdown_table
from toolchain.tasks import Composition, TaskKind

_COLUMNS = {
    "rouge_1": "R-1",
    "rouge_2": "R-2",
    "rouge_l": "R-L",
    "rouge_l_paper": "R-L (paper's tokenizer)",
    "chrf": "chrF",
    "language": "language right",
    "tone": "tone right",
    "numbers_kept": "numbers kept",
    "names_kept": "names kept",
}


def markdown(result: Result) -> str:
    """One table for each composition, or task alone: means in %, and the paired ratios with their 95 % intervals."""
    lines: list[str] = []
    rows = result.rows
    for composition in dict.fromkeys(row["composition"] for row in rows):
        chosen = {(row["method"], row["metric"]): row for row in rows if row["composition"] == composition}
        methods = list(dict.fromkeys(method for method, _ in chosen))
        n = next(row["n"] for row in chosen.values() if "n" in row)
        lines += [
            f"`{composition}`, {result.meta['split']} split, {n} {_counted(composition)}, unicode ROUGE F1 unless said otherwise, in %:",
            "",
        ]
        baselines = baselines_of(composition)
        columns = {
            metric: head for metric, head in _COLUMNS.items() if any((item, metric) in chosen for item in methods)
        }
        head = ["method", *columns.values(), *(f"R-L / {baseline}" for baseline in baselines)]
        cells = [
            [
                method,
                *(_percent(chosen.get((method, metric))) for metric in columns),
                *(ratio(chosen.get((method, f"rouge_l / {baseline}"))) for baseline in baselines),
            ]
            for method in methods
        ]
        lines += [markdown_table(head, cells), ""]
    return "\n".join(lines)


def _percent(row: dict[str, Any] | None) -> str:
    return f"{100 * row['value']:.1f}" if row else ""


def _counted(composition: str) -> str:
    return "conversations" if Composition.of(composition).tasks[0].kind is TaskKind.MAIN else "texts"
