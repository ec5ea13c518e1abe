"""Logs of what was trained, fitted, imported or measured: a JSON object beside what it is of."""

import json
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


def write_log(path: Path, content: dict[str, Any]) -> None:
    """Write a log as readable JSON."""
    write_text_whole(path, json.dumps(content, indent=1, ensure_ascii=False) + "\n")
