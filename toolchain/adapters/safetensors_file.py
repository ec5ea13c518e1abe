"""Safetensors files: read with one clear error, written whole and in one order."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from toolchain.errors import ToolchainError
from toolchain.whole_file import written_whole

Array = np.ndarray[Any, Any]


@contextmanager
def opened(path: Path, framework: str, remedy: str) -> Iterator[Any]:
    """An open file, whose tensors are read in the block.

    Raises:
        ToolchainError: it is missing, no plain file or no safetensors file, or holds what `framework` lacks; `remedy` says what to do.
    """
    if not path.is_file():
        raise ToolchainError(f"{path} is {'no regular file' if path.exists() else 'missing'}: {remedy}")
    try:
        with safe_open(path, framework=framework) as stream:
            yield stream
    except (SafetensorError, OSError, TypeError, AttributeError) as error:
        raise ToolchainError(f"{path} is no readable safetensors file ({error}): {remedy}") from None


def read_tensors(path: Path, remedy: str) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors of a file and its metadata.

    Raises:
        ToolchainError: it cannot be read, or holds bf16 or fp8, which numpy lacks; `remedy` says what to do.
    """
    with opened(path, "numpy", remedy) as stream:
        tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (it is no mapping)
        return tensors, stream.metadata() or {}


def write_tensors(path: Path, tensors: dict[str, Array], metadata: dict[str, str] | None = None) -> None:
    """Write a file whole or not at all.

    Raises:
        OSError: the system refuses it; the library's own writing would hide that in an error of its own.
    """
    with written_whole(path) as partial:
        partial.write_bytes(save(tensors, metadata))


def serialise(tensors: dict[str, Array], metadata: dict[str, str]) -> bytes:
    """A safetensors file whose header is sorted: the library writes metadata in an order that differs from run to run."""
    written = save(tensors, metadata)
    end = 8 + int.from_bytes(written[:8], "little")
    header = json.dumps(json.loads(written[8:end]), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    padded = header + b" " * (-len(header) % 8)
    return len(padded).to_bytes(8, "little") + padded + written[end:]
