"""What a judge said, or that none was asked: kept as a result file of its own, and a table of the report."""

import hashlib
import json
from collections.abc import Iterable, Sequence
from pathlib import Path
from statistics import mean
from typing import Any

from toolchain.data.benchmark import Split
from toolchain.evaluation.bootstrap import bootstrap_mean
from toolchain.evaluation.judge import Asked, Score, comparisons
from toolchain.evaluation.paper import GROUPS, TABLE_1_JUDGED, group_of
from toolchain.evaluation.reporting.samples import samples
from toolchain.evaluation.reporting.tables import Table, percent
from toolchain.evaluation.result_file import JUDGE_FILE, JUDGED, RESULT_FORMAT, Result, read_result, write_result
from toolchain.evaluation.results import Results
from toolchain.provenance import git_commit
from toolchain.recommendations import DEFAULT_CALIBRATION
from toolchain.tasks import Composition

NOT_RUN = "not run"
_ALWAYS_SHOWN = (DEFAULT_CALIBRATION, "two-step")
"""A report says of this comparison that it was not run, even where nobody tried."""

Row = dict[str, Any]


def judged_path(folder: Path, split: Split, engine: str) -> Path:
    """Where the rows of one engine's answers are kept."""
    return folder / f"{JUDGE_FILE}{split}.{engine}.jsonl"


def asked_sha256(asked: Sequence[Asked]) -> str:
    """Tells whether a verdict is of these answers under this rubric."""
    return hashlib.sha256(json.dumps(list(asked), ensure_ascii=False).encode()).hexdigest()


def judged_row(
    method: str, against: str, composition: str, asked: Sequence[Asked], scores: Sequence[Score], seed: int, model: str
) -> Row:
    """The share of wins, ties counted half, with its bootstrap interval over the conversations whose verdicts could be read.

    `scores` are kept, in the split's order, for what is said of several compositions together.
    """
    read = [score for score in scores if score is not None]
    if not read:
        return not_run_row(method, against, composition, f"no verdict of {model} could be read")
    interval = bootstrap_mean(read, seed)
    value, low, high = (round(number, 5) for number in (interval.value, interval.low, interval.high))
    return {
        "method": method,
        "composition": composition,
        "metric": metric(against),
        "against": against,
        "git_commit": git_commit(),
        "value": value,
        "interval": [low, high],
        "n": len(scores),
        "scores": list(scores),
        "unreadable": len(scores) - len(read),
        "ties": sum(score == 0.5 for score in read),
        "seed": seed,
        "judge": model,
        "asked_sha256": asked_sha256(asked),
    }


def not_run_row(method: str, against: str, composition: str, why: str) -> Row:
    """A row in place of a verdict."""
    return {
        "method": method,
        "composition": composition,
        "metric": metric(against),
        "against": against,
        "value": NOT_RUN,
        "why": why,
    }


def metric(against: str) -> str:
    """The metric of a row: the share of wins, ties counted half."""
    return f"{JUDGED}wins against {against}, ties half"


def add_judged(path: Path, results: Results, engine: str, rows: Sequence[Row]) -> None:
    """Put rows into a file in place of those of the same comparisons; that one was not run takes no verdict away."""
    there = read_result(path) if path.is_file() else Result({}, [], [])
    metas = {name: meta for name, meta in results.metas.items() if meta["engine"] == engine and "judged" not in meta}
    first = next(iter(metas.values()))
    meta: Row = {
        "format": RESULT_FORMAT,
        **{key: first[key] for key in ("split", "engine", "base") if key in first},
        "limit": None,
        "git_commit": git_commit(),
        "judged": sorted({*there.meta.get("judged", ()), *metas}),
    }
    kept = {_key(row): row for row in there.rows}
    for row in rows:
        if row["value"] != NOT_RUN or kept.get(_key(row), row)["value"] == NOT_RUN:
            kept[_key(row)] = row | {"split": first["split"], "engine": engine}
    write_result(path, Result(meta, list(kept.values()), []))


def papers_judge() -> Table:
    """What the paper's judge said, which no server was asked for here."""
    head = ["in the paper", "here", *(f"{group}, paper's judge" for group in GROUPS)]
    rows = [[name, NOT_RUN, *(f"{value:.2f}" for value in values)] for name, values in TABLE_1_JUDGED.items()]
    note = (
        "The paper's LLM judge, in %; its prompt is not known, so that nothing here can be compared with it. "
        "Ours, `toolchain judge`, compares two methods' answers instead."
    )
    return Table("Table 1: the judge", note, head, rows)


def judged_table(results: Results, engine: str) -> Table:
    """Every comparison that a judge was, or was to be, asked for, and those of a group of compositions together."""
    found = {
        (composition, method, row["against"]): row
        for (of, composition, method, name), row in results.rows.items()
        if of == engine and name.startswith(JUDGED)
    }
    shown, against = _ALWAYS_SHOWN
    for name in results.compositions(engine):
        if {shown, against} <= set(results.methods(engine, name)):
            found.setdefault((name, shown, against), not_run_row(shown, against, name, "`toolchain judge`"))
    rows = [
        *_group_rows(results, engine, found.values()),
        *(
            [composition, method, against, *_cells(results, engine, row)]
            for (composition, method, against), row in found.items()
        ),
    ]
    head = ["composition", "method", "against", "wins, ties half, %", "ties", "conversations", "judge"]
    note = "A language model reads both answers in both orders; only a verdict that survives the swap is no tie. 50 % is a draw."
    return Table(f"Judge ({engine})", note, head, rows)


def _cells(results: Results, engine: str, row: Row) -> list[str]:
    if row["value"] == NOT_RUN:
        return [f"{NOT_RUN} ({row['why']})", "", "", ""]
    if not _is_of_these(results, engine, row):
        return [f"{NOT_RUN} (other answers were judged)", "", "", ""]
    unreadable = f" ({row['unreadable']} unreadable)" if row.get("unreadable") else ""
    return [percent(row), str(row["ties"]), f"{row['n']}{unreadable}", row["judge"]]


def _is_of_these(results: Results, engine: str, row: Row) -> bool:
    """Whether the answers that were judged are those of the result files."""
    taken = [item for item in samples(results, engine, row["n"]) if item.composition == row["composition"]]
    judged: str = row["asked_sha256"]
    return judged == asked_sha256(comparisons(taken, row["method"], row["against"]))


def _group_rows(results: Results, engine: str, judged: Iterable[Row]) -> list[list[str]]:
    """The mean over the compositions of a group, whole conversations resampled, where several were judged by one judge.

    A conversation without a verdict in one of them is left out.
    """
    members: dict[tuple[str, str, str, str], list[Row]] = {}
    for row in judged:
        group = group_of(Composition.parse(row["composition"]))
        if group and "scores" in row and _is_of_these(results, engine, row):
            members.setdefault((group, row["method"], row["against"], row["judge"]), []).append(row)
    found = []
    for (group, method, against, model), rows in members.items():
        if len(rows) < 2 or len({row["n"] for row in rows}) > 1:
            continue
        together = [scores for scores in zip(*(row["scores"] for row in rows), strict=True) if None not in scores]
        if together:
            interval = bootstrap_mean([mean(scores) for scores in together], rows[0]["seed"])
            share = {"value": interval.value, "interval": [interval.low, interval.high]}
            ties = sum(score == 0.5 for scores in together for score in scores)
            found.append([group, method, against, percent(share), str(ties), f"{len(together)} x {len(rows)}", model])
    return found


def _key(row: Row) -> tuple[str, str, str]:
    return row["composition"], row["method"], row["metric"]
