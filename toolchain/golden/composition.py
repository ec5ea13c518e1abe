"""Golden vectors of composition: tiny random adapters and calibrations, and the adapter that they make."""

import hashlib
import json
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from safetensors.numpy import save_file

from toolchain.adapters.calibration_file import Calibration, Entry, read_calibration, write_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.files import Adapter, adapter_hash, peft_name, read_adapter, write_adapter
from toolchain.adapters.safetensors_file import Array
from toolchain.whole_file import write_text_whole

_LAYERS, _D_IN, _D_OUT = 3, 8, 6
_MODULES = {"self_attn.q_proj": "q_proj", "mlp.down_proj": "down_proj"}


@dataclass(frozen=True)
class Case:
    """Ranks and alphas of the adapters, merge weights, and the kinds of calibration tensors."""

    ranks: tuple[int, ...] = (2, 2)
    alphas: tuple[int, ...] = (4, 4)
    weights: tuple[float, ...] = (0.5, 0.5)
    kinds: tuple[str, ...] = ()
    ranges: tuple[tuple[int, int], ...] = ((0, _LAYERS - 1),)
    tasks: tuple[str, ...] = field(default=("summarize", "es"))


CASES = {
    "merge": Case(),
    "merge-uneven": Case(ranks=(2, 3), alphas=(3, 7), weights=(0.3, 0.7)),
    "single": Case(ranks=(3,), alphas=(2,), weights=(1.0,), tasks=("summarize",)),
    "three-tasks": Case((2, 2, 4), (4, 4, 4), (0.2, 0.5, 0.3), ("P",), tasks=("summarize", "witty", "fr")),
    "lc": Case(kinds=("p",)),
    "lc++": Case(kinds=("P",)),
    "lc++-layer-groups": Case(kinds=("P",), ranges=((0, 0), (1, 2))),
    "learned-weights": Case(kinds=("P", "weights"), ranges=((0, 0), (1, 1), (2, 2))),
    "rank-weights": Case(kinds=("P", "rank-weights")),
}


def write_composition_cases(folder: Path) -> None:
    """Write every case anew under `folder`."""
    shutil.rmtree(folder, ignore_errors=True)
    for name, case in CASES.items():
        _write_case(
            folder / name, case, np.random.default_rng(int.from_bytes(hashlib.sha256(name.encode()).digest()[:4]))
        )


def _write_case(folder: Path, case: Case, random: np.random.Generator) -> None:
    for task, rank, alpha in zip(case.tasks, case.ranks, case.alphas, strict=True):
        tensors: dict[str, Array] = {}
        for layer in range(_LAYERS):
            for module in _MODULES:
                linear = f"model.layers.{layer}.{module}"
                tensors[f"{linear}.lora_A"] = random.standard_normal((rank, _D_IN)).astype(np.float16)
                # Wide exponents, so that products fall on subnormals and on rounding ties.
                scale = 2.0 ** random.integers(-16, 3, (_D_OUT, rank))
                tensors[f"{linear}.lora_B"] = (random.standard_normal((_D_OUT, rank)) * scale).astype(np.float16)
        write_adapter(folder / "adapters" / task, Adapter(rank, alpha, tensors), "tiny")
    folders = {task: folder / "adapters" / task for task in case.tasks}
    base_sha256 = hashlib.sha256(b"tiny").hexdigest()
    calibration = None
    if case.kinds:
        hashes = {task: adapter_hash(path) for task, path in folders.items()}
        entries = tuple(
            _entry(case, first, last, module, random) for first, last in case.ranges for module in _MODULES.values()
        )
        path = folder / "calibration.safetensors"
        write_calibration(path, Calibration("+".join(case.kinds), "+".join(case.tasks), base_sha256, hashes, entries))
        calibration = read_calibration(path)
    composed = compose([read_adapter(path) for path in folders.values()], case.weights, calibration)
    expected = {peft_name(name): np.ascontiguousarray(tensor) for name, tensor in sorted(composed.tensors.items())}
    save_file(expected, folder / "expected.safetensors", metadata={"format": "pt"})
    content = {"tasks": case.tasks, "weights": case.weights, "base_sha256": base_sha256, "rank": composed.rank}
    write_text_whole(folder / "case.json", json.dumps(content) + "\n")


def _entry(case: Case, first: int, last: int, module: str, random: np.random.Generator) -> Entry:
    def normal(*shape: int) -> Array:
        return random.standard_normal(shape).astype(np.float16)

    tasks = len(case.tasks)
    weights = None
    if "weights" in case.kinds:
        weights = random.uniform(0, 1, tasks).astype(np.float32)
    if "rank-weights" in case.kinds:
        weights = random.uniform(0, 1, (tasks, case.ranks[0])).astype(np.float32)
    has_pair = "P" in case.kinds
    return Entry(
        first,
        last,
        module,
        p1=normal(4, _D_IN) if has_pair else None,
        p2=normal(_D_OUT, 4) if has_pair else None,
        p=normal(_D_OUT) if "p" in case.kinds else None,
        weights=weights,
    )
