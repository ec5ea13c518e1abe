"""Calibration files: tensors for ranges of layers, and what they were trained for (docs/bundle-format.md)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from toolchain.adapters.files import MODULES
from toolchain.adapters.safetensors_file import Array, read_tensors, serialise
from toolchain.base_model.made_for import refuse_of_another_base
from toolchain.base_model.specification import BaseSpecification
from toolchain.errors import NotFinite, ToolchainError
from toolchain.whole_file import written_whole

CALIBRATION_FORMAT = "tandem.calibration/1"
_NAME = re.compile(r"layers\.(\d{1,5})-(\d{1,5})\.([a-z_]+)\.(P1|P2|p|weights)", re.ASCII)
_KINDS: dict[str, tuple[type[np.generic], tuple[int, ...]]] = {
    "P1": (np.float16, (2,)),
    "P2": (np.float16, (2,)),
    "p": (np.float16, (1,)),
    "weights": (np.float32, (1, 2)),
}
"""The dtype of each kind of tensor in a file, and how many axes it may have."""
_REMEDY = "train it with `toolchain train calibration`"


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

    @property
    def stem(self) -> str:
        """What its tensors' names begin with."""
        return f"layers.{self.first}-{self.last}.{self.module}"

    @property
    def tensors(self) -> dict[str, Array]:
        """Those that are there, by kind."""
        every = {"P1": self.p1, "P2": self.p2, "p": self.p, "weights": self.weights}
        return {kind: tensor for kind, tensor in every.items() if tensor is not None}

    @property
    def layout(self) -> tuple[int, int, str, tuple[tuple[int, ...] | None, ...]]:
        """Layers, module, and the shapes of P1, P2, p and weights, None for what is absent."""
        tensors = (self.p1, self.p2, self.p, self.weights)
        shapes = tuple(None if tensor is None else tensor.shape for tensor in tensors)
        return self.first, self.last, self.module, shapes


@dataclass(frozen=True)
class Calibration:
    """A trained calibration and the base and adapters (hashes) that it belongs to; `base_text_sha256` is how an imported base was asked."""

    method: str
    composition: str
    base_sha256: str
    adapter_sha256: dict[str, str]
    entries: tuple[Entry, ...]
    base_text_sha256: str | None = None

    @property
    def made_for(self) -> dict[str, str]:
        """What it says of its base."""
        asked = {} if self.base_text_sha256 is None else {"base_text_sha256": self.base_text_sha256}
        return {"base_sha256": self.base_sha256, **asked}

    @property
    def parameters(self) -> int:
        """Numbers in all tensors."""
        return sum(tensor.size for entry in self.entries for tensor in entry.tensors.values())

    def find(self, layer: int, module: str) -> list[Entry]:
        """The entries that apply to a linear."""
        return [entry for entry in self.entries if entry.covers(layer, module)]


def refuse_foreign(
    path: Path, calibration: Calibration, composition: str, base: BaseSpecification, adapter_sha256: Mapping[str, str]
) -> None:
    """A calibration corrects one merge on one base: with anything else it would answer, and wrongly.

    Raises:
        ToolchainError: it was trained for another composition, base or adapter.
    """
    if calibration.composition != composition:
        raise ToolchainError(f"{path} was trained for {calibration.composition}, not for {composition}: train it again")
    refuse_of_another_base(path, calibration.made_for, base, "train the calibration again")
    for task, sha256 in adapter_sha256.items():
        if calibration.adapter_sha256.get(task) != sha256:
            raise ToolchainError(
                f"{path} was trained for another {task} adapter than the one that is there: train it again, or choose anew what ships "
                f"with `toolchain recommend --compositions {composition}`"
            )


def write_calibration(path: Path, calibration: Calibration) -> None:
    """Write one safetensors file; P1, P2 and p become fp16, weights float32.

    Raises:
        NotFinite: those do not hold it; nothing is written then.
    """
    tensors: dict[str, Array] = {}
    for entry in calibration.entries:
        for kind, tensor in entry.tensors.items():
            (dtype, _), name = _KINDS[kind], f"{entry.stem}.{kind}"
            with np.errstate(over="ignore"):
                tensors[name] = np.ascontiguousarray(tensor, dtype=dtype)
            if not np.isfinite(tensors[name]).all():
                raise NotFinite(
                    f"{path} is not written: the calibration has numbers in {name} that are not finite in {np.dtype(dtype)}, so it is of "
                    "no use; train it again with a lower learning rate"
                )
    metadata = {
        "format": CALIBRATION_FORMAT,
        "method": calibration.method,
        "composition": calibration.composition,
        **calibration.made_for,
    } | {f"adapter_sha256.{task}": digest for task, digest in calibration.adapter_sha256.items()}
    with written_whole(path) as partial:
        partial.write_bytes(serialise(tensors, metadata))


def read_calibration(path: Path, remedy: str = _REMEDY) -> Calibration:
    """Read a calibration file.

    Raises:
        ToolchainError: it is missing, damaged or of another format, or its tensors are not a calibration's; `remedy` says what to do.
    """
    tensors, metadata = read_tensors(path, remedy)
    if metadata.get("format") != CALIBRATION_FORMAT:
        raise ToolchainError(f"{path} has format {metadata.get('format')!r}, expected {CALIBRATION_FORMAT!r}: {remedy}")
    if missing := [key for key in ("method", "composition", "base_sha256") if key not in metadata]:
        raise ToolchainError(f"{path} does not say its {missing[0]}: {remedy}")
    grouped: dict[tuple[int, int, str], dict[str, Array]] = {}
    for name, tensor in tensors.items():
        match = _NAME.fullmatch(name)
        if match is None or match[3] not in MODULES or int(match[1]) > int(match[2]):
            raise ToolchainError(f"{path} holds a tensor {name!r} that no calibration has: {remedy}")
        grouped.setdefault((int(match[1]), int(match[2]), match[3]), {})[match[4].lower()] = tensor
    entries = tuple(
        Entry(first, last, module, fields.get("p1"), fields.get("p2"), fields.get("p"), fields.get("weights"))
        for (first, last, module), fields in sorted(grouped.items())
    )
    _refuse_numbers(path, entries, len(metadata["composition"].split("+")), remedy)
    _refuse_half_pairs(path, entries, remedy)
    _refuse_overlaps(path, entries, remedy)
    prefix = "adapter_sha256."
    adapters = {key.removeprefix(prefix): value for key, value in metadata.items() if key.startswith(prefix)}
    identity = (metadata["method"], metadata["composition"], metadata["base_sha256"])
    return Calibration(*identity, adapters, entries, metadata.get("base_text_sha256"))


def _refuse_numbers(path: Path, entries: tuple[Entry, ...], tasks: int, remedy: str) -> None:
    """What the device core refuses too: another dtype or number of axes, numbers that are not finite, weights of other tasks."""
    for entry in entries:
        for kind, tensor in entry.tensors.items():
            (dtype, axes), name = _KINDS[kind], f"{entry.stem}.{kind}"
            if tensor.dtype != dtype or tensor.ndim not in axes:
                raise ToolchainError(
                    f"{path} holds {name} as {tensor.dtype} of shape {list(tensor.shape)}, wanted {np.dtype(dtype)} with "
                    f"{' or '.join(map(str, axes))} axes: {remedy}"
                )
            if not np.isfinite(tensor).all():
                raise ToolchainError(f"{path} holds numbers in {name} that are not finite: {remedy}")
        if entry.weights is not None and len(entry.weights) != tasks:
            raise ToolchainError(f"{path} has weights of {len(entry.weights)} adapters for {tasks} tasks: {remedy}")


def _refuse_half_pairs(path: Path, entries: tuple[Entry, ...], remedy: str) -> None:
    for entry in entries:
        if (entry.p1 is None) != (entry.p2 is None):
            there, absent = ("P1", "P2") if entry.p2 is None else ("P2", "P1")
            raise ToolchainError(f"{path} holds {entry.stem}.{there} without its {absent}: {remedy}")
        if entry.p1 is not None and entry.p2 is not None and entry.p1.shape[0] != entry.p2.shape[1]:
            raise ToolchainError(
                f"{path}: P1 and P2 of {entry.module} have shapes {entry.p1.shape} and {entry.p2.shape}: {remedy}"
            )


def _refuse_overlaps(path: Path, entries: tuple[Entry, ...], remedy: str) -> None:
    for kind in ("p1", "p", "weights"):
        ends: dict[str, int] = {}
        for entry in entries:
            if getattr(entry, kind) is None:
                continue
            if entry.first <= ends.get(entry.module, -1):
                raise ToolchainError(f"{path}: ranges of layers of {entry.module} overlap at {entry.first}: {remedy}")
            ends[entry.module] = entry.last
