"""JSON Lines: one JSON object a line. Only "\\n" ends a line; where `str.splitlines` breaks too (U+2028, U+0085, …) may stand in a text."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.text_file import file_text


def read_rows(path: Path, remedy: str) -> list[Row]:
    """The objects of a file; empty lines are passed over.

    Raises:
        ToolchainError: the file is missing, a directory or not UTF-8, or a line is no JSON object; `remedy` says what to do.
    """
    lines = file_text(path, remedy).split("\n")
    return [_row(f"{path} line {number}", line, remedy) for number, line in enumerate(lines, start=1) if line.strip()]


def json_lines(items: Iterable[Mapping[str, Any]]) -> str:
    """The text of a file that holds these objects."""
    return "".join(json.dumps(item, ensure_ascii=False) + "\n" for item in items)


def _row(where: str, line: str, remedy: str) -> Row:
    try:
        fields = json.loads(line)
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise ToolchainError(f"{where} is no JSON object: {remedy}")
    return Row(where, fields, remedy)
