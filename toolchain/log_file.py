"""Logs of what was trained, fitted, imported or measured: a JSON object beside what it is of."""

import json
import os
from pathlib import Path
from typing import Any

from toolchain.errors import ToolchainError
from toolchain.json_object import json_object
from toolchain.whole_file import write_text_whole


def logged(path: Path, of: str, *fields: str) -> dict[str, Any]:
    """What the log of `of` ("a calibration") says, which must have `fields`; nothing where there is no log.

    Raises:
        ToolchainError: it is damaged, or lacks one of the fields.
    """
    if not path.is_file():
        return {}
    remedy = "restore it, or make what it is of again"
    log = json_object(path, f"is no log of {of}: {remedy}")
    if missing := [field for field in fields if field not in log]:
        raise ToolchainError(f"{path} is no log of {of}, it lacks {' and '.join(missing)}: {remedy}")
    return log


def logged_texts(path: Path, of: str, field: str, remedy: str) -> list[str]:
    """What the log of `of` lists under a field; nothing where it has none, or there is no log.

    Raises:
        ToolchainError: it is damaged, or the field is no list of texts.
    """
    found = logged(path, of).get(field, [])
    if not (isinstance(found, list) and all(isinstance(item, str) for item in found)):
        raise ToolchainError(f"{path} is no log of {of}: {remedy}")
    return found


def refuse_to_replace(path: Path, of: str, *fields: str) -> None:
    """See that the log of `of` ("a calibration"), which must have `fields`, takes the place of nothing else.

    Raises:
        ToolchainError: there is something else.
    """
    if not os.path.lexists(path):
        return
    try:
        is_one = bool(logged(path, of, *fields))
    except ToolchainError:
        is_one = False
    if not is_one:
        raise ToolchainError(
            f"{path} is there and is no log of {of}, which is written to that place: give another --out, or move it away"
        )


def write_log(path: Path, content: dict[str, Any]) -> None:
    """Write a log as readable JSON."""
    write_text_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
