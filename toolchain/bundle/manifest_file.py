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
from toolchain.folders import read_plain

MAX_MANIFEST_BYTES = 4 << 20


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
        # pydantic's own parser takes the last of two equal keys, and NaN: what it is given has neither.
        json.loads(content.decode(), object_pairs_hook=_each_once, parse_float=_finite, parse_constant=_refuse_constant)
        return Manifest.model_validate_json(content)
    except ValidationError as error:
        raise ToolchainError(f"{path}: {first_mistake(error, 'manifest')}; export the bundle again") from None
    except RecursionError:
        raise ToolchainError(f"{path} is nested far deeper than any manifest: export the bundle again") from None
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


def _each_once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} is there twice")
    return found


def _finite(text: str) -> float:
    if not math.isfinite(number := float(text)):
        raise ValueError(f"{reprlib.repr(text)} is no finite number")
    return number


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no number in JSON")
