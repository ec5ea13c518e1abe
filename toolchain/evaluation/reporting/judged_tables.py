"""What a judge said, beside the paper's: of groups of sub-tasks, and of each."""

from collections.abc import Iterator
from statistics import mean

from toolchain.evaluation.bootstrap import bootstrap_mean
from toolchain.evaluation.judged import NOT_RUN, is_of_these, not_run_row
from toolchain.evaluation.paper import GROUPS, TABLE_1_JUDGED, group_of
from toolchain.evaluation.reporting.table import Table, percent
from toolchain.evaluation.result_file import JUDGED, ResultRow
from toolchain.evaluation.results import Results
from toolchain.recommendations import DEFAULT_CALIBRATION
from toolchain.tasks import Composition

_ALWAYS_SHOWN = (DEFAULT_CALIBRATION, "two-step")
"""A report says of this comparison that it was not run, even where nobody tried."""
_HEAD = ["method", "against", "wins, ties half, %", "ties", "conversations", "judge"]
_NOTE = "A language model reads both answers in both orders; only a verdict that survives the swap is no tie. 50 % is a draw."


def papers_judge() -> Table:
    """What the paper's judge said, which no server was asked for here."""
    head = ["in the paper", "here", *(f"{group}, paper's judge" for group in GROUPS)]
    rows = [[name, NOT_RUN, *(f"{value:.2f}" for value in values)] for name, values in TABLE_1_JUDGED.items()]
    note = (
        "The paper's LLM judge, in %; its prompt is not known, so that nothing here can be compared with it. "
        "Ours, `toolchain judge`, compares two methods' answers instead."
    )
    return Table("Table 1: the judge", note, head, rows)


def judged_groups(results: Results, engine: str) -> Table:
    """What one judge said of several sub-tasks of a group together: whole conversations resampled, those without a verdict in one left out."""
    members: dict[tuple[str, str, str, str], list[ResultRow]] = {}
    for row in _judged(results, engine):
        group = group_of(Composition.parse(row["composition"]))
        if group and "scores" in row and is_of_these(results, engine, row):
            members.setdefault((group, row["method"], row["against"], row["judge"]), []).append(row)
    rows = []
    for (group, method, against, model), of_it in sorted(members.items(), key=lambda item: GROUPS.index(item[0][0])):
        if len(of_it) < 2 or len({row["n"] for row in of_it}) > 1:
            continue
        together = [scores for scores in zip(*(row["scores"] for row in of_it), strict=True) if None not in scores]
        if together:
            interval = bootstrap_mean([mean(scores) for scores in together], of_it[0].get("seed", 0))
            share = {"value": interval.value, "interval": [interval.low, interval.high]}
            ties = sum(score == 0.5 for scores in together for score in scores)
            rows.append([group, method, against, percent(share), str(ties), f"{len(together)} x {len(of_it)}", model])
    return Table(f"Judge: groups of sub-tasks ({engine})", _NOTE, ["group", *_HEAD], rows)


def judged_table(results: Results, engine: str) -> Table:
    """Every comparison that a judge was, or was to be, asked for."""
    found = {(row["composition"], row["method"], row["against"]): row for row in _judged(results, engine)}
    shown, against = _ALWAYS_SHOWN
    for name in results.compositions(engine):
        if {shown, against} <= set(results.methods(engine, name)):
            found.setdefault((name, shown, against), not_run_row(shown, against, name, "`toolchain judge`"))
    rows = [[*compared, *_cells(results, engine, row)] for compared, row in found.items()]
    return Table(f"Judge ({engine})", _NOTE, ["composition", *_HEAD], rows)


def _judged(results: Results, engine: str) -> Iterator[ResultRow]:
    return (row for (of, *_, metric), row in results.rows.items() if of == engine and metric.startswith(JUDGED))


def _cells(results: Results, engine: str, row: ResultRow) -> list[str]:
    if row["value"] == NOT_RUN:
        return [f"{NOT_RUN} ({row['why']})", "", "", ""]
    if not is_of_these(results, engine, row):
        return [f"{NOT_RUN} (other answers were judged)", "", "", ""]
    unreadable = f" ({row['unreadable']} unreadable)" if row.get("unreadable") else ""
    return [percent(row), str(row["ties"]), f"{row['n']}{unreadable}", row["judge"]]
