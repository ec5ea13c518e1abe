"""Reading manifest.json: no more than a manifest's bytes, no JSON that two readers could take differently, one sentence for a mistake."""

import json
import math
import reprlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

from pydantic import ValidationError

from toolchain.bundle.manifest import MANIFEST_FILE, SIGNATURE_FILE, Manifest
from toolchain.bundle.signing import PublicKey
from toolchain.errors import ToolchainError, first_mistake
from toolchain.json_object import each_once
from toolchain.plain_files import read_plain

MAX_MANIFEST_BYTES = 4 << 20
MAX_DEPTH = 127
"""Of arrays and objects in one another."""


def read_manifest(folder: Path, key: PublicKey | None = None) -> Manifest:
    """The manifest of a bundle's folder; with a key, signed with that one, which is checked before anything is parsed.

    Raises:
        ToolchainError: it is missing, no manifest, or not signed with the key.
    """
    path = folder / MANIFEST_FILE
    try:
        content = read_plain(path, MAX_MANIFEST_BYTES)
    except NotADirectoryError:
        raise ToolchainError(f"{folder} is no folder: check a bundle in one file with `tandem verify`") from None
    except FileNotFoundError:
        raise ToolchainError(f"{path} is missing: give the folder of a bundle") from None
    if key:
        key.check(content, folder / SIGNATURE_FILE)
    return parse_manifest(content, path)


def parse_manifest(content: bytes, path: Path) -> Manifest:
    """The manifest that `content` is; `path` is named where it is none.

    Raises:
        ToolchainError: it is no JSON, ambiguous JSON, or no manifest.
    """
    try:
        unambiguous_json(content)  # pydantic's own parser takes the last of two equal keys, and NaN.
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ToolchainError(f"{path}: {first_mistake(error, 'manifest')}; export the bundle again") from None
    except ValueError as error:
        raise ToolchainError(f"{path} is no manifest ({error}): export the bundle again") from None


@contextmanager
def mistakes_refused() -> Iterator[None]:
    """Make a ToolchainError of what a manifest, or a part of one, that is made in the block cannot hold."""
    try:
        yield
    except ValidationError as error:
        raise ToolchainError(
            f"no manifest can say this: {error.title} {first_mistake(error, 'manifest')}; put it right where it comes from, and export again"
        ) from None


def unambiguous_json(content: bytes) -> Any:
    """What JSON in UTF-8 holds that no two readers take differently, by the device core's rules.

    Raises:
        ValueError: it is no JSON, an object has a key twice, a number is not finite or is -0, which is a whole number to some, or it is
            nested deeper than `MAX_DEPTH`.
    """
    too_deep = ValueError(f"it is nested more than {MAX_DEPTH} deep")
    try:
        found = json.loads(
            content.decode(),
            object_pairs_hook=each_once,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_refuse_constant,
        )
        depth = _depth(found)
    except RecursionError:
        raise too_deep from None
    if depth > MAX_DEPTH:
        raise too_deep
    return found


def _depth(value: Any) -> int:
    if not isinstance(value, dict | list):
        return 0
    return 1 + max(map(_depth, value.values() if isinstance(value, dict) else value), default=0)


def _finite(text: str) -> float:
    number = float(text)
    if not math.isfinite(number) or (number == 0 and text.startswith("-")):
        raise ValueError(f"{reprlib.repr(text)} is no finite number or is -0")
    return number


def _whole(text: str) -> int:
    _finite(text)
    return int(text)


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
