"""`report`: result files as Markdown and as one HTML page that needs nothing else."""

from html import escape

from toolchain.evaluation.reporting.budgets import budgets
from toolchain.evaluation.reporting.device_times import device_times
from toolchain.evaluation.reporting.group_table import group_table
from toolchain.evaluation.reporting.judged_tables import judged_groups, judged_table, papers_judge
from toolchain.evaluation.reporting.metric_table import metric_table
from toolchain.evaluation.reporting.paper_tables import shared_sub_tasks, table_1, table_2
from toolchain.evaluation.reporting.plots import heat_map, quality_against_cost
from toolchain.evaluation.reporting.printable import printable
from toolchain.evaluation.reporting.ratios import ratios
from toolchain.evaluation.reporting.repeats import repeats_table
from toolchain.evaluation.reporting.samples import samples
from toolchain.evaluation.reporting.single_tasks import single_tasks
from toolchain.evaluation.reporting.table import Table
from toolchain.evaluation.results import Results
from toolchain.provenance import short_commit

_SAMPLES_EACH = 2
_STYLE = (
    "body{font:15px/1.5 system-ui,sans-serif;margin:2rem auto;max-width:75rem;padding:0 1rem}table{border-collapse:collapse;margin:.5rem 0 2rem}"
    "td,th{border-bottom:1px solid #8886;padding:.2rem .6rem;text-align:left;vertical-align:top}svg{max-width:100%;height:auto;background:#fff}"
    "pre{white-space:pre-wrap}div{overflow-x:auto}"
)


def tables(results: Results) -> list[Table]:
    """All tables that have something to show."""
    engines = results.engines()
    found = [table_1(results, engine) for engine in engines]
    shared = {engine: shared_sub_tasks(results, engine) for engine in engines}
    found += [
        table_1(results, engine, names)
        for engine, names in shared.items()
        if names and names != results.compositions(engine)
    ]
    found += [table_1(results, engine, paper_words=True) for engine in engines]
    found += [group_table(results, engine) for engine in engines]
    found += [repeats_table(results, engine) for engine in engines]
    found += [table_2(results), device_times(results), *(ratios(results, engine) for engine in engines)]
    found += [single_tasks(results, engine) for engine in engines]
    found += [papers_judge()]
    found += [table(results, engine) for engine in engines for table in (judged_groups, judged_table)]
    found += [metric_table(results, engine) for engine in engines]
    return [table for table in [*found, budgets(results)] if table.rows]


def markdown_report(results: Results, found: list[Table]) -> str:
    """Provenance and `tables(results)`."""
    lines = ["# Results", "", *(f"- {line}" for line in provenance(results)), ""]
    for table in found:
        lines += [f"## {table.title}", "", table.note, "", table.markdown(), ""]
    return printable("\n".join(lines))


def html_report(results: Results, found: list[Table]) -> str:
    """Provenance, `tables(results)`, plots and samples."""
    parts = ["<h1>Results</h1>", "<ul>", *(f"<li>{escape(line)}</li>" for line in provenance(results)), "</ul>"]
    for table in found:
        parts += [
            f"<h2>{escape(table.title)}</h2>",
            f"<p>{escape(table.note)}</p>",
            _html_table(table.head, table.rows),
        ]
    for engine in results.engines():
        if results.methods(engine):
            parts += [
                f"<h2>Quality against cost ({escape(engine)})</h2>",
                f"<div>{quality_against_cost(results, engine)}</div>",
            ]
            parts += [f"<h2>Every sub-task ({escape(engine)})</h2>", f"<div>{heat_map(results, engine)}</div>"]
        parts.append(
            f"<h2>Samples ({escape(engine)})</h2><p>The first conversations of the split, chosen by nobody.</p>"
        )
        for sample in samples(results, engine, _SAMPLES_EACH):
            rows = [["reference", sample.reference], *([method, answer] for method, answer in sample.answers.items())]
            parts += [f"<h3>{escape(sample.composition)}</h3>", f"<pre>{escape(sample.source)}</pre>"]
            parts.append(_html_table(["method", "answer"], rows))
    head = f'<meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>Results</title><style>{_STYLE}</style>'
    return printable(
        f'<!doctype html>\n<html lang="en"><head>{head}</head>\n<body>\n' + "\n".join(parts) + "\n</body></html>\n"
    )


def provenance(results: Results) -> list[str]:
    """Where the numbers come from, a line for each file; a judge's has no seed, for each of its verdicts has its own."""
    return [
        f"{name}: {meta['split']} split, {meta['engine']} engine, base {meta['base']}, "
        + (f"seed {meta['seed']}, " if "seed" in meta else "")
        + f"commit {short_commit(meta['git_commit'])}"
        + (f", first {meta['limit']} conversations only" if meta.get("limit") else "")
        for name, meta in results.metas.items()
    ]


def _html_table(head: list[str], rows: list[list[str]]) -> str:
    titles = "".join(f"<th>{escape(cell)}</th>" for cell in head)
    body = "".join("<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<div><table><thead><tr>{titles}</tr></thead><tbody>{body}</tbody></table></div>"
