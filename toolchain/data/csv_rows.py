"""CSV: one record a row, under the names of the first row."""

import csv
import io
from pathlib import Path

from toolchain.data.row import Row
from toolchain.data.text_file import file_text
from toolchain.errors import ToolchainError


def read_csv(path: Path, remedy: str) -> list[Row]:
    """The rows of a file.

    Raises:
        ToolchainError: the file is missing, a directory, not UTF-8 or no CSV; `remedy` says what to do.
    """
    table = csv.DictReader(io.StringIO(file_text(path, remedy), newline=""))
    try:
        rows = list(table)
    except csv.Error:
        raise ToolchainError(f"{path} line {table.line_num} is not CSV: {remedy}") from None
    return [Row(f"{path} row {number}", fields, remedy) for number, fields in enumerate(rows, start=1)]
