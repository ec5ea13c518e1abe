"""Calibration files: tensors for ranges of layers, and what they were trained for (docs/bundle-format.md)."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from safetensors import safe_open
from safetensors.numpy import save_file

from toolchain.adapters.files import MODULES
from toolchain.errors import ToolchainError
from toolchain.hashing import written_whole

CALIBRATION_FORMAT = "tandem.calibration/1"
_NAME = re.compile(r"layers\.(\d+)-(\d+)\.([a-z_]+)\.(P1|P2|p|weights)")

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Entry:
    """Calibration of one module type over layers `first`..`last` (both included).

    `p1` [r_c, d_in] and `p2` [d_out, r_c] fp16, or `p` [d_out] fp16; `weights` [n] or [n, rank] float32 replaces the composition's weights.
    """

    first: int
    last: int
    module: str
    p1: Array | None = None
    p2: Array | None = None
    p: Array | None = None
    weights: Array | None = None

    def covers(self, layer: int, module: str) -> bool:
        """Whether this entry applies to a linear."""
        return self.module == module and self.first <= layer <= self.last


@dataclass(frozen=True)
class Calibration:
    """A trained calibration and the base and adapters (hashes) that it belongs to."""

    method: str
    composition: str
    base_sha256: str
    adapter_sha256: dict[str, str]
    entries: tuple[Entry, ...]

    def find(self, layer: int, module: str) -> list[Entry]:
        """The entries that apply to a linear."""
        return [entry for entry in self.entries if entry.covers(layer, module)]


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write one safetensors file; P1, P2 and p become fp16, weights float32."""
    tensors: dict[str, Array] = {}
    for entry in calibration.entries:
        stem = f"layers.{entry.first}-{entry.last}.{entry.module}"
        for kind, tensor, dtype in (
            ("P1", entry.p1, np.float16),
            ("P2", entry.p2, np.float16),
            ("p", entry.p, np.float16),
            ("weights", entry.weights, np.float32),
        ):
            if tensor is not None:
                tensors[f"{stem}.{kind}"] = np.ascontiguousarray(tensor, dtype=dtype)
    metadata = {
        "format": CALIBRATION_FORMAT,
        "method": calibration.method,
        "composition": calibration.composition,
        "base_sha256": calibration.base_sha256,
    } | {f"adapter_sha256.{task}": digest for task, digest in calibration.adapter_sha256.items()}
    with written_whole(path) as partial:
        save_file(tensors, partial, metadata=metadata)


def read_calibration(path: Path) -> Calibration:
    """Read a calibration file.

    Raises:
        ToolchainError: it is missing, of another format, or holds an unknown tensor.
    """
    if not path.is_file():
        raise ToolchainError(f"{path} is missing: train it with `toolchain train calibration`")
    with safe_open(path, framework="numpy") as stream:
        metadata = stream.metadata() or {}
        names = list(stream.keys())
        tensors = {name: stream.get_tensor(name) for name in names}
    if metadata.get("format") != CALIBRATION_FORMAT:
        raise ToolchainError(f"{path} has format {metadata.get('format')!r}, expected {CALIBRATION_FORMAT!r}")
    grouped: dict[tuple[int, int, str], dict[str, Array]] = {}
    for name, tensor in tensors.items():
        match = _NAME.fullmatch(name)
        if match is None or match[3] not in MODULES:
            raise ToolchainError(f"{path} holds a tensor {name!r} that no calibration has")
        grouped.setdefault((int(match[1]), int(match[2]), match[3]), {})[match[4].lower()] = tensor
    entries = tuple(
        Entry(first, last, module, fields.get("p1"), fields.get("p2"), fields.get("p"), fields.get("weights"))
        for (first, last, module), fields in sorted(grouped.items())
    )
    prefix = "adapter_sha256."
    adapters = {key.removeprefix(prefix): value for key, value in metadata.items() if key.startswith(prefix)}
    return Calibration(metadata["method"], metadata["composition"], metadata["base_sha256"], adapters, entries)
