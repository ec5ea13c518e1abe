"""Safetensors files: read with one clear error, written in one order."""

import json
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save

from toolchain.errors import ToolchainError

Array = np.ndarray[Any, Any]


def read_tensors(path: Path, remedy: str) -> tuple[dict[str, Array], dict[str, str]]:
    """The tensors of a file and its metadata.

    Raises:
        ToolchainError: it is missing, is no safetensors file, or holds bf16 or fp8, which numpy lacks; `remedy` says what to do.
    """
    try:
        with safe_open(path, framework="numpy") as stream:
            tensors = {name: stream.get_tensor(name) for name in stream.keys()}  # noqa: SIM118 (it is no mapping)
            return tensors, stream.metadata() or {}
    except FileNotFoundError:
        raise ToolchainError(f"{path} is missing: {remedy}") from None
    except (SafetensorError, OSError, TypeError, AttributeError) as error:
        raise ToolchainError(f"{path} is no readable safetensors file ({error}): {remedy}") from None


def serialise(tensors: dict[str, Array], metadata: dict[str, str]) -> bytes:
    """A safetensors file whose header is sorted: the library writes metadata in an order that differs from run to run."""
    written = save(tensors, metadata)
    end = 8 + int.from_bytes(written[:8], "little")
    header = json.dumps(json.loads(written[8:end]), sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    padded = header + b" " * (-len(header) % 8)
    return len(padded).to_bytes(8, "little") + padded + written[end:]
