"""Result files: JSON Lines, the first line says what the rows are of, each other line is one number; the answers lie beside it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from toolchain.errors import ToolchainError
from toolchain.hashing import write_text_whole

RESULT_FORMAT = "tandem.results/1"
_REMEDY = "make it with `toolchain evaluate`"


@dataclass(frozen=True)
class Result:
    """`meta`: format, git commit, versions, hashes of data, base and adapters; `rows`: {method, composition, metric, value, interval, n, …};
    `answers`: {method, composition, id, answer}."""

    meta: dict[str, Any]
    rows: list[dict[str, Any]]
    answers: list[dict[str, Any]]


def answers_path(path: Path) -> Path:
    """`x.jsonl` -> `x.answers.jsonl`."""
    return path.with_suffix(".answers.jsonl")


def write_result(path: Path, result: Result) -> None:
    """Write the rows to `path` and the answers, where there are any, beside it."""
    if result.answers:
        write_text_whole(answers_path(path), _lines(result.answers))
    write_text_whole(path, _lines([result.meta, *result.rows]))


def read_result(path: Path) -> Result:
    """Read both files; a judge's has no answers of its own.

    Raises:
        ToolchainError: one is missing, or the first is no result file.
    """
    meta, *rows = _read(path)
    if meta.get("format") != RESULT_FORMAT:
        raise ToolchainError(f"{path} has format {meta.get('format')!r}, expected {RESULT_FORMAT!r}: {_REMEDY}")
    judged = "judged" in meta  # Of answers that lie beside other files.
    return Result(meta, rows, [] if judged else _read(answers_path(path), least=0))


def _lines(items: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def _read(path: Path, least: int = 1) -> list[dict[str, Any]]:
    try:
        items = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    except FileNotFoundError:
        raise ToolchainError(f"{path} is missing: {_REMEDY}") from None
    except ValueError:
        raise ToolchainError(f"{path} is not JSON Lines: {_REMEDY}") from None
    if len(items) < least or not all(isinstance(item, dict) for item in items):
        raise ToolchainError(f"{path} holds no result: {_REMEDY}")
    return items
