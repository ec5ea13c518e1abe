"""What a judge said, or that none was asked: kept as a result file of its own."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.data.benchmark import Split
from toolchain.data.json_lines import json_lines
from toolchain.errors import ToolchainError
from toolchain.evaluation.bootstrap import bootstrap_mean
from toolchain.evaluation.judge import BothOrders, Score, comparisons
from toolchain.evaluation.reporting.samples import samples_of
from toolchain.evaluation.result_file import (
    JUDGE_FILE,
    JUDGED,
    RESULT_FORMAT,
    Result,
    ResultRow,
    read_result,
)
from toolchain.evaluation.results import Results
from toolchain.provenance import git_commit
from toolchain.whole_file import written_whole

NOT_RUN = "not run"


def judged_path(folder: Path, split: Split, engine: str) -> Path:
    """Where the rows of one engine's answers are kept."""
    return folder / f"{JUDGE_FILE}{split}.{engine}.jsonl"


def asked_sha256(asked: Sequence[BothOrders]) -> str:
    """Tells whether a verdict is of these answers under this rubric."""
    return hashlib.sha256(json.dumps(list(asked), ensure_ascii=False).encode()).hexdigest()


def judged_row(
    method: str,
    against: str,
    composition: str,
    asked: Sequence[BothOrders],
    scores: Sequence[Score],
    seed: int,
    model: str,
) -> ResultRow:
    """The share of wins, 0..1, ties counted half, with its bootstrap interval over the conversations whose verdicts could be read.

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
        "metric": judged_metric(against),
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


def not_run_row(method: str, against: str, composition: str, why: str) -> ResultRow:
    """A row in place of a verdict."""
    return {
        "method": method,
        "composition": composition,
        "metric": judged_metric(against),
        "against": against,
        "value": NOT_RUN,
        "why": why,
    }


def judged_metric(against: str) -> str:
    """The metric of a row: the share of wins, ties counted half."""
    return f"{JUDGED}wins against {against}, ties half"


def add_judged(path: Path, results: Results, engine: str, rows: Sequence[ResultRow]) -> None:
    """Put rows into a file in place of those of the same comparisons; that one was not run takes no verdict away.

    Raises:
        ToolchainError: what is there is no result file.
    """
    with written_whole(path) as partial:
        # Read here: else what another process writes meanwhile would be lost.
        lines = _with_rows(path, results, engine, rows)
        partial.write_text(json_lines(lines), encoding="utf-8")


def _with_rows(path: Path, results: Results, engine: str, rows: Sequence[ResultRow]) -> list[dict[str, Any]]:
    """The file's lines; how many there are is not said, for one may be taken out by hand."""
    there = read_result(path) if path.is_file() else Result({}, [], [])
    metas = {name: meta for name, meta in results.metas.items() if meta["engine"] == engine and "judged" not in meta}
    first = next(iter(metas.values()))
    meta: dict[str, Any] = {
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
    return [meta, *kept.values()]


def is_of_these(results: Results, engine: str, row: ResultRow) -> bool:
    """Whether the answers that a verdict is of are those of the result files."""
    compared = row["method"], row["against"]
    taken = samples_of(results, engine, row["composition"], row["n"], compared)
    judged: str = row["asked_sha256"]
    return judged == asked_sha256(comparisons(taken, *compared))


@dataclass(frozen=True)
class Verdict:
    """What is to be asked: how many answers of a method are compared with another's, and the judge's name."""

    method: str
    against: str
    composition: str
    n: int
    judge: str


def refuse_to_lose_a_verdict(
    path: Path, there: Sequence[ResultRow], results: Results, engine: str, wanted: Verdict
) -> None:
    """See that what is to be asked takes the place of no verdict in `path`, whose rows are `there`, of another judge's on these answers, nor
    of one on more of them.

    Raises:
        ToolchainError: it would.
    """
    key = wanted.composition, wanted.method, judged_metric(wanted.against)
    for row in there:
        if _key(row) != key or row["value"] == NOT_RUN or not is_of_these(results, engine, row):
            continue
        if row["judge"] != wanted.judge or row["n"] > wanted.n:
            raise ToolchainError(
                f"{path} has the verdict of {row['judge']} on {row['n']} answers of {wanted.method} to {wanted.composition} against "
                f"{wanted.against}, which that of {wanted.judge} on {wanted.n} would replace: give another folder with --out, or take that "
                "line out of the file first"
            )


def _key(row: ResultRow) -> tuple[str, str, str]:
    return row["composition"], row["method"], row["metric"]
