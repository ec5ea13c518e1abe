"""Train a calibration: base and adapters frozen, a few vectors on top of their merge (Learnable Calibration, arXiv 2507.16083)."""

import hashlib
from collections.abc import Sequence
from dataclasses import asdict, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from toolchain import paths
from toolchain.adapters.calibration_data import CalibrationData, benchmark_data
from toolchain.adapters.calibration_file import Calibration, Entry, write_calibration
from toolchain.adapters.compose import compose, delta, layer_of
from toolchain.adapters.distillation import with_soft_targets
from toolchain.adapters.examples import encode_pairs, weighted_ends
from toolchain.adapters.files import Adapter, adapter_hash, read_adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.merge_weights import MergeWeights
from toolchain.adapters.quantised_activations import quantise_activations
from toolchain.adapters.training import Schedule, train, write_log
from toolchain.base_model.load import LoadedBase
from toolchain.console import progress
from toolchain.errors import ToolchainError
from toolchain.provenance import data_hashes, git_commit, peak_memory, versions
from toolchain.tasks import Composition

CALIBRATION_RANK = 4
RANK_BESIDE_DIRECTIONS = 3
"""Of LC++D, whose direction weights then still leave it smaller than LC++."""


class CalibrationMethod(StrEnum):
    """LC adds p·1ᵀ (the foldable reading), LC++ adds P2·P1; both are shared by all layers of a module type.

    The others are our own. LC++S is one LC++ for all compositions of a main task (main_task_calibration.py), LC++I lies between it, LC++
    and the merge (interpolation.py): those two are made by commands of their own. LC++W also learns the merge
    weights of every linear: 252 more parameters on the default base. LC++D learns a weight for every rank direction of every adapter on
    every linear, and a smaller P2·P1: 43,584 parameters, LC++ has 52,736. LC++M starts at a weighted merge, one weight for each task,
    instead of at the mean.
    """

    LC = "lc"
    LC_PLUS_PLUS = "lc++"
    LC_PLUS_PLUS_S = "lc++s"
    LC_PLUS_PLUS_I = "lc++i"
    LC_PLUS_PLUS_W = "lc++w"
    LC_PLUS_PLUS_D = "lc++d"
    LC_PLUS_PLUS_M = "lc++m"


class SharedPair(nn.Module):
    """LC++: P1 [r_c, d_in] random, P2 [d_out, r_c] zero, so that training starts exactly at the merge."""

    def __init__(self, d_in: int, d_out: int, rank: int = CALIBRATION_RANK) -> None:
        super().__init__()
        self.p1 = nn.Parameter(torch.randn(rank, d_in) / d_in**0.5)
        self.p2 = nn.Parameter(torch.zeros(d_out, rank))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """P2·P1·x for x [..., d_in]."""
        return (x @ self.p1.T) @ self.p2.T

    def entry(self, layers: int, module: str) -> Entry:
        """The trained tensors, fp16."""
        return Entry(0, layers - 1, module, p1=_fp16(self.p1), p2=_fp16(self.p2))


class SharedVector(nn.Module):
    """LC, foldable reading: p [d_out] zero, added as p·1ᵀ."""

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.zeros(d_out))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """p·1ᵀ·x for x [..., d_in]."""
        return x.sum(-1, keepdim=True) * self.p

    def entry(self, layers: int, module: str) -> Entry:
        """The trained tensor, fp16."""
        return Entry(0, layers - 1, module, p=_fp16(self.p))


_MADE_BY = {CalibrationMethod.LC_PLUS_PLUS_S: "main-task", CalibrationMethod.LC_PLUS_PLUS_I: "interpolation"}
"""The command for all compositions of a main task that makes a method."""
_LEARN_WEIGHTS = (CalibrationMethod.LC_PLUS_PLUS_W, CalibrationMethod.LC_PLUS_PLUS_D)


def _shared_correction(method: CalibrationMethod, d_in: int, d_out: int) -> SharedPair | SharedVector:
    match method:
        case CalibrationMethod.LC:
            return SharedVector(d_in, d_out)
        case CalibrationMethod.LC_PLUS_PLUS_D:
            return SharedPair(d_in, d_out, RANK_BESIDE_DIRECTIONS)
        case _:
            return SharedPair(d_in, d_out)


class CalibratedLinear(nn.Module):
    """A frozen linear with corrections: one that all layers of its module type share, perhaps one of its own."""

    def __init__(self, linear: nn.Linear, corrections: Sequence[nn.Module]) -> None:
        super().__init__()
        self.linear = linear
        self.corrections = nn.ModuleList(corrections)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """W'x + Σ correction(x), W' being the merged weight."""
        y = self.linear(x)
        for correction in self.corrections:
            y = y + correction(x)
        return y  # type: ignore[no-any-return]


class Corrections(nn.Module):
    """All that a calibration trains: `shared` by module type, `weights` by linear (`3/q_proj`)."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.ModuleDict()
        self.weights = nn.ModuleDict()

    def entries(self, layers: int) -> tuple[Entry, ...]:
        """The trained tensors as a calibration file holds them."""
        shared = [correction.entry(layers, module) for module, correction in self.shared.items()]  # type: ignore[operator]
        weights = []
        for key, correction in self.weights.items():
            layer, module = key.split("/")
            weights.append(correction.entry(int(layer), module))  # type: ignore[operator]
        return (*shared, *weights)


def train_calibration(
    base: LoadedBase,
    composition: Composition,
    method: CalibrationMethod,
    schedule: Schedule,
    path: Path,
    data: CalibrationData | None = None,
    merge_weights: Sequence[float] | None = None,
) -> dict[str, Any]:
    """Train on `data`, by default the benchmark's calibration split, over the exported fp16 adapters.

    `merge_weights`, one for each task, are LC++M's. Writes the calibration file and, beside it, its log; returns the log.

    Raises:
        ToolchainError: merge weights for another method, or none for LC++M, or not one for each task; LC++S or LC++I, which have their own commands.
    """
    if command := _MADE_BY.get(method):
        raise ToolchainError(
            f"{composition.name}: {method} is made by `toolchain train {command} {composition.ids[0]}`"
        )
    _check_merge_weights(method, composition, merge_weights)
    data = data or benchmark_data(composition)
    training = encode_pairs(base, composition.prompt, data.training)
    if schedule.distillation:
        training = with_soft_targets(base, composition.tasks[-1], data.training, training, progress)
    if schedule.end_weight != 1:
        training = weighted_ends(base, training, schedule.end_weight)
    validation = encode_pairs(base, composition.prompt, data.validation)
    folders = {task: paths.ADAPTERS / task for task in composition.ids}
    adapters = [read_adapter(folder) for folder in folders.values()]
    merge_into(base.model, adapters, merge_weights)
    torch.manual_seed(schedule.seed)
    corrections = attach(base.model, method, adapters)
    if schedule.quantised_activations:
        quantise_activations(base.model)
    hashes = {task: adapter_hash(folder) for task, folder in folders.items()}
    targets = data.described.get("targets", "")
    run = hashlib.sha256(f"{''.join(hashes.values())} {merge_weights}{targets}".encode()).hexdigest()[:12]
    checkpoint = paths.cache() / "checkpoints" / f"{path.stem}-{method}-seed{schedule.seed}-{run}.pt"
    parameters = dict(corrections.named_parameters())
    log = train(base.model, parameters, training, validation, schedule, checkpoint, lambda _training: None)
    entries = corrections.entries(base.model.config.num_hidden_layers)
    if merge_weights:
        entries = tuple(replace(entry, weights=np.asarray(merge_weights, dtype=np.float32)) for entry in entries)
    write_calibration(path, Calibration(method, composition.name, base.specification.sha256, hashes, entries))
    content = {
        "composition": composition.name,
        "method": method,
        "parameters": sum(parameter.numel() for parameter in parameters.values()),
        "base_sha256": base.specification.sha256,
        "adapter_sha256": hashes,
        "merge_weights": merge_weights,
        "training_pairs": len(training),
        **data.described,
        "validation_pairs": len(validation),
        **training_provenance(schedule, data.files),
        **asdict(log),
    }
    write_log(path.with_suffix(".json"), content)
    checkpoint.unlink(missing_ok=True)
    return content


def training_provenance(schedule: Schedule, files: list[Path]) -> dict[str, Any]:
    """What the log of any calibration says of how and where it was trained; `files` were read beside the benchmark's."""
    return {
        "schedule": asdict(schedule),
        "peak_rss_bytes": peak_memory(),
        "git_commit": git_commit(),
        "versions": versions(),
        "data": data_hashes(files),
    }


def _check_merge_weights(
    method: CalibrationMethod, composition: Composition, merge_weights: Sequence[float] | None
) -> None:
    if (method is CalibrationMethod.LC_PLUS_PLUS_M) != (merge_weights is not None):
        raise ToolchainError(f"{method}: merge weights go with {CalibrationMethod.LC_PLUS_PLUS_M}, and only with it")
    if merge_weights and len(merge_weights) != len(composition.tasks):
        raise ToolchainError(
            f"{composition.name}: {len(merge_weights)} merge weights for {len(composition.tasks)} tasks: give one for each"
        )


def merge_into(model: Any, adapters: list[Adapter], weights: Sequence[float] | None = None) -> None:
    """Add the weighted sum of the adapters (by default their mean), rounded as the device rounds it, to the frozen weights in place."""
    merged = compose(adapters, weights or [1 / len(adapters)] * len(adapters))
    with torch.no_grad():
        for name, linear in adapted_linears(model):
            linear.weight += torch.from_numpy(delta(merged, name))


def attach(model: Any, method: CalibrationMethod, adapters: Sequence[Adapter] = ()) -> Corrections:
    """Wrap the linears of a model that the mean of `adapters` was merged into; returns what is to be trained."""
    corrections = Corrections()
    for name, linear in list(adapted_linears(model)):
        parent, module = name.rsplit(".", 1)
        if module not in corrections.shared:
            corrections.shared[module] = _shared_correction(method, linear.in_features, linear.out_features)
        own: list[nn.Module] = [corrections.shared[module]]
        if method in _LEARN_WEIGHTS:
            own.append(MergeWeights(adapters, name, by_direction=method is CalibrationMethod.LC_PLUS_PLUS_D))
            corrections.weights[f"{layer_of(name)}/{module}"] = own[-1]
        setattr(model.get_submodule(parent), module, CalibratedLinear(linear, own))
    return corrections


def _fp16(parameter: nn.Parameter) -> np.ndarray[Any, Any]:
    return parameter.detach().numpy().astype(np.float16)
