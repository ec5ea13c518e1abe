"""Result files: JSON Lines, the first line says what the rows are of, each other line is one number; the answers lie beside it."""

import hashlib
import json
import os
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import UnionType
from typing import Any

from toolchain.data.held_out import HELD_OUT
from toolchain.data.json_lines import json_lines, read_rows
from toolchain.errors import ToolchainError
from toolchain.hashing import sha256_file
from toolchain.whole_file import write_text_whole

RESULT_FORMAT = "tandem.results/1"
JUDGED = "judge: "
"""What the metric of a judge's row begins with."""
_ANSWERS = ".answers.jsonl"
JUDGE_FILE = "judge."
"""What the name of a file of verdicts begins with."""
ANSWERS_HASH = "answers_sha256"
"""In the header: the hash of the file of the answers."""
_ROW = ("composition", "method", "metric", "against")
"""What tells a row from the others of its file."""
_ANSWER = ("composition", "method", "id", "answer")
ROWS = "rows"
"""In the header: how many rows follow. Older files do not say it."""
ResultRow = dict[str, Any]
"""One number, or what stands in its place: {engine, composition, method, metric, value, interval, n, …}."""
_REMEDY = "make it with `toolchain evaluate`, or, if it holds verdicts, with `toolchain judge`"
_LARGEST = 1e15
"""More than any number of bytes or milliseconds; what a plot can still draw."""
_HEADER: tuple[tuple[str, type | UnionType, str], ...] = (
    ("limit", int | None, "a number"),
    ("seed", int, "a number"),
    ("versions", dict, "an object"),
    ("data", dict, "an object"),
    ("adapter_sha256", dict, "an object"),
    ("judged", list, "a list"),
    (ROWS, int, "a number"),
)


@dataclass(frozen=True)
class Result:
    """`meta`: format, git commit, versions, hashes of data, base, adapters and answers; `answers`: {method, composition, id, answer}."""

    meta: dict[str, Any]
    rows: list[ResultRow]
    answers: list[dict[str, Any]]


def answers_path(path: Path) -> Path:
    """`x.jsonl` -> `x.answers.jsonl`."""
    return path.with_suffix(_ANSWERS)


def is_result_path(path: Path) -> bool:
    """Whether a file of this name holds rows of answers: not the answers, nor a judge's verdicts on them."""
    return path.suffix == ".jsonl" and not path.name.endswith(_ANSWERS) and not path.name.startswith(JUDGE_FILE)


def refuse_to_replace_what_is_no_result(path: Path) -> None:
    """See that a result, with its answers, takes the place of nothing but another one.

    Raises:
        ToolchainError: there is something else.
    """
    for file, what, is_one in (
        (path, "result file", _first_line(path).get("format") == RESULT_FORMAT),
        # A run that was killed may have left them alone.
        (answers_path(path), "file of answers", _first_line(answers_path(path)).keys() >= {*_ANSWER}),
    ):
        if os.path.lexists(file) and not is_one:
            raise ToolchainError(
                f"{file} is there and is no {what}, which is written to that place: give another --out, or move it away"
            )


def _first_line(path: Path) -> dict[str, Any]:
    """The object in it; an empty one where it holds something else."""
    if not path.is_file():
        return {}
    with path.open("rb") as stream:
        try:
            found = json.loads(stream.readline())
        except (ValueError, RecursionError):
            return {}
    return found if isinstance(found, dict) else {}


def write_result(path: Path, result: Result) -> None:
    """Write the rows to `path` and the answers beside it; the header holds their hash, and how many rows there are."""
    answers = json_lines(result.answers)
    # Not of the file, which another run may have replaced.
    meta = result.meta | {ROWS: len(result.rows), ANSWERS_HASH: hashlib.sha256(answers.encode()).hexdigest()}
    write_text_whole(answers_path(path), answers)
    write_text_whole(path, json_lines([meta, *result.rows]))


def read_result(path: Path) -> Result:
    """Read both files; a judge's has no answers of its own.

    Raises:
        ToolchainError: one is missing, the first is no result file, or not the whole of one, or the other is of another run.
    """
    lines = [row.fields for row in read_rows(path, _REMEDY)]
    if not lines:
        raise ToolchainError(f"{path} holds no result: {_REMEDY}")
    meta, *rows = lines
    if meta.get("format") != RESULT_FORMAT:
        raise ToolchainError(f"{path} has format {meta.get('format')!r}, expected {RESULT_FORMAT!r}: {_REMEDY}")
    judged = "judged" in meta  # Of answers that lie beside other files.
    answers = [] if judged else [row.fields for row in read_rows(answers_path(path), _REMEDY)]
    for items, keys, file in (
        ([meta], ("split", "engine", "base", "git_commit", *(() if judged else (ANSWERS_HASH,))), path),
        (rows, ("engine", "composition", "method", "metric"), path),
        (answers, _ANSWER, answers_path(path)),
    ):
        if not all(isinstance(item.get(key), str) for item in items for key in keys):
            raise ToolchainError(f"{file} has a line without {', '.join(keys)}: {_REMEDY}")
    if not judged and meta[ANSWERS_HASH] != sha256_file(answers_path(path)):
        raise ToolchainError(f"{answers_path(path)} has other answers than those that {path} is of: {_REMEDY}")
    _refuse_damaged_header(path, meta)
    if any(row["engine"] != meta["engine"] for row in rows):
        raise ToolchainError(f"{path} has a row of another engine than its first line's, {meta['engine']}: {_REMEDY}")
    if meta["split"] not in HELD_OUT:
        raise ToolchainError(
            f"{path} has the unknown split {meta['split']!r}: want {' or '.join(sorted(HELD_OUT))}; {_REMEDY}"
        )
    if not all(_is_measured(row) for row in rows):
        raise ToolchainError(
            f"{path} has a row whose value is no number with an interval, or no verdict on answers that it names: {_REMEDY}"
        )
    _refuse_measured_twice(path, rows)
    # What a copy that was cut off at the end of a line has lost would else count as never measured.
    if (count := meta.get(ROWS, len(rows))) != len(rows):
        raise ToolchainError(f"{path} has {len(rows)} rows where its first line says {count}: restore it, or {_REMEDY}")
    return Result(meta, rows, answers)


def _refuse_damaged_header(path: Path, meta: dict[str, Any]) -> None:
    for field, kind, wanted in _HEADER:
        if field in meta and (isinstance(meta[field], bool) or not isinstance(meta[field], kind)):
            raise ToolchainError(f"{path}: {field} of its first line is not {wanted}: {_REMEDY}")
    if (limit := meta.get("limit")) is not None and limit < 1:
        raise ToolchainError(f"{path}: limit of its first line is {limit}, and wants at least 1: {_REMEDY}")
    for field in ("data", "adapter_sha256"):
        if not all(isinstance(digest, str) for digest in meta.get(field, {}).values()):
            raise ToolchainError(f"{path}: {field} of its first line is not an object of hashes: {_REMEDY}")


def _refuse_measured_twice(path: Path, rows: Sequence[ResultRow]) -> None:
    times = Counter(", ".join(str(row[key]) for key in _ROW if key in row) for row in rows)
    if twice := [row for row, count in times.items() if count > 1]:
        raise ToolchainError(f"{path} has more than one row of {twice[0]}: {_REMEDY}")


def _is_measured(row: ResultRow) -> bool:
    """A number with its interval and count, or the words of a row that is none (`prompt`, a judge that was not asked)."""
    judged = row["metric"].startswith(JUDGED)
    if judged and not isinstance(row.get("against"), str):
        return False
    if isinstance(row.get("value"), str):
        return row["metric"] == "prompt" or (judged and isinstance(row.get("why"), str))
    interval = row.get("interval")
    numbers = [row.get("value"), row.get("n"), *(interval if isinstance(interval, list) else [])]
    if judged and not (
        all(isinstance(row.get(text), str) for text in ("asked_sha256", "judge"))
        and all(type(row.get(count, 0)) is int for count in ("seed", "unreadable"))
        and all(type(row.get(count)) is int for count in ("n", "ties"))
        and _are_scores(row.get("scores"), row["n"])
    ):
        return False
    if len(numbers) != 4 or not all(type(item) in (int, float) and abs(item) <= _LARGEST for item in numbers):
        return False
    _, n, low, high = numbers
    return type(n) is int and n >= 1 and low <= high


def _are_scores(scores: Any, count: int) -> bool:
    """What a judge's comparisons came to, one for each conversation."""
    return isinstance(scores, list) and len(scores) == count and all(_is_score(score) for score in scores)


def _is_score(score: Any) -> bool:
    return score is None or (type(score) in (int, float) and score in (0, 0.5, 1))
