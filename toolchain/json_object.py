"""JSON files: one that has to hold an object, and one of a cache, which may be made again."""

import json
from pathlib import Path
from typing import Any

from toolchain.errors import ToolchainError


def json_object(path: Path, otherwise: str) -> dict[str, Any]:
    """The object that a file holds; `otherwise` is what is said of the file where it holds something else, and what to do.

    Raises:
        ToolchainError: it is no JSON in UTF-8, or no object.
        OSError: it is missing or cannot be read.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise ToolchainError(f"{path} {otherwise}")
    return content


def each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A hook for `json.loads`, which else takes the last of two equal keys.

    Raises:
        ValueError: a key is there twice.
    """
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return found


def kept_json(path: Path) -> Any:
    """What a file of a cache holds; None where there is none, or one that is damaged, as a power cut leaves it: both are made again."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError, RecursionError):
        return None
