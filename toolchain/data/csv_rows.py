"""CSV: one record a row, under the names of the first row."""

import csv
import io
import sys
from pathlib import Path

from toolchain.data.row import Row
from toolchain.errors import ToolchainError
from toolchain.text_file import file_text


def read_csv(path: Path, remedy: str) -> list[Row]:
    """The rows of a file.

    Raises:
        ToolchainError: the file is missing, a directory, not UTF-8, no CSV or cut off, two columns have one name, or a row has more or
            fewer cells than the first; `remedy` says what to do.
    """
    csv.field_size_limit(sys.maxsize)
    table = csv.DictReader(io.StringIO(file_text(path, remedy), newline=""), strict=True)
    try:
        rows = list(table)
    except csv.Error as error:
        raise ToolchainError(f"{path} line {table.line_num} is not CSV ({error}): {remedy}") from None
    names = [name for name in table.fieldnames or [] if name]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise ToolchainError(f"{path} has more than one column {', '.join(map(repr, twice))}: {remedy}")
    for number, fields in enumerate(rows, start=1):
        # Cells beyond the first row's names have the key None, cells that are missing the value None.
        if None in fields or None in fields.values():
            raise ToolchainError(f"{path} row {number} has another number of cells than the first row: {remedy}")
    return [Row(f"{path} row {number}", fields, remedy) for number, fields in enumerate(rows, start=1)]
