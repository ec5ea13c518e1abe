"""Train a calibration: base and adapters frozen, a few vectors on top of their merge (Learnable Calibration, arXiv 2507.16083)."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import nn

from toolchain import paths
from toolchain.adapters.calibration_file import Calibration, Entry, write_calibration
from toolchain.adapters.compose import compose, delta, layer_of
from toolchain.adapters.examples import encode_pairs
from toolchain.adapters.files import MODULES, Adapter, adapter_hash, read_adapter
from toolchain.adapters.merge_weights import MergeWeights
from toolchain.adapters.training import Schedule, train, write_log
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import Pair, composition_pairs
from toolchain.provenance import data_hashes, git_commit, versions
from toolchain.tasks import Composition

CALIBRATION_RANK = 4


class CalibrationMethod(StrEnum):
    """LC adds p·1ᵀ (the foldable reading), LC++ adds P2·P1; both are shared by all layers of a module type.

    LC++W, our own, also learns the merge weights of every linear: 252 more parameters on the default base.
    """

    LC = "lc"
    LC_PLUS_PLUS = "lc++"
    LC_PLUS_PLUS_W = "lc++w"


class SharedPair(nn.Module):
    """LC++: P1 [r_c, d_in] random, P2 [d_out, r_c] zero, so that training starts exactly at the merge."""

    def __init__(self, d_in: int, d_out: int) -> None:
        super().__init__()
        self.p1 = nn.Parameter(torch.randn(CALIBRATION_RANK, d_in) / d_in**0.5)
        self.p2 = nn.Parameter(torch.zeros(d_out, CALIBRATION_RANK))

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


_CORRECTIONS: dict[CalibrationMethod, type[SharedPair] | type[SharedVector]] = {
    CalibrationMethod.LC: SharedVector,
    CalibrationMethod.LC_PLUS_PLUS: SharedPair,
    CalibrationMethod.LC_PLUS_PLUS_W: SharedPair,
}


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
    teacher: Sequence[Pair] = (),
) -> dict[str, Any]:
    """Train on the calibration split, and the teacher's targets for it, over the exported fp16 adapters.

    Writes the calibration file and, beside it, its log; returns the log.
    """
    training = encode_pairs(base, composition.prompt, [*composition_pairs(composition, Split.CALIBRATION), *teacher])
    validation = encode_pairs(base, composition.prompt, composition_pairs(composition, Split.VALIDATION))
    folders = {task: paths.ADAPTERS / task for task in composition.ids}
    adapters = [read_adapter(folder) for folder in folders.values()]
    merge_into(base.model, adapters)
    torch.manual_seed(schedule.seed)
    corrections = attach(base.model, method, adapters)
    hashes = {task: adapter_hash(folder) for task, folder in folders.items()}
    merged = hashlib.sha256("".join(hashes.values()).encode()).hexdigest()[:12]
    checkpoint = paths.cache() / "checkpoints" / f"{path.stem}-{method}-seed{schedule.seed}-{merged}.pt"
    parameters = dict(corrections.named_parameters())
    log = train(base.model, parameters, training, validation, schedule, checkpoint, lambda _training: None)
    entries = corrections.entries(base.model.config.num_hidden_layers)
    write_calibration(path, Calibration(method, composition.name, base.specification.sha256, hashes, entries))
    content = {
        "composition": composition.name,
        "method": method,
        "parameters": sum(parameter.numel() for parameter in parameters.values()),
        "base_sha256": base.specification.sha256,
        "adapter_sha256": hashes,
        "training_pairs": len(training),
        "of_which_teacher": len(teacher),
        "validation_pairs": len(validation),
        "schedule": asdict(schedule),
        "git_commit": git_commit(),
        "versions": versions(),
        "data": data_hashes(),
        **asdict(log),
    }
    write_log(path.with_suffix(".json"), content)
    checkpoint.unlink(missing_ok=True)
    return content


def adapted_linears(model: Any) -> Iterator[tuple[str, nn.Linear]]:
    """Every linear of the seven module types, by name (`model.layers.0.self_attn.q_proj`)."""
    for name, module in model.named_modules():
        if isinstance(module, nn.Linear) and name.rsplit(".", 1)[-1] in MODULES:
            yield name, module


def merge_into(model: Any, adapters: list[Adapter]) -> None:
    """Add the exact mean of the adapters, rounded as the device rounds it, to the frozen weights in place."""
    merged = compose(adapters, [1 / len(adapters)] * len(adapters))
    with torch.no_grad():
        for name, linear in adapted_linears(model):
            linear.weight += torch.from_numpy(delta(merged, name))


def attach(model: Any, method: CalibrationMethod, adapters: Sequence[Adapter] = ()) -> Corrections:
    """Wrap the linears of a model that the mean of `adapters` was merged into; returns what is to be trained."""
    corrections = Corrections()
    for name, linear in list(adapted_linears(model)):
        parent, module = name.rsplit(".", 1)
        if module not in corrections.shared:
            corrections.shared[module] = _CORRECTIONS[method](linear.in_features, linear.out_features)
        own: list[nn.Module] = [corrections.shared[module]]
        if method is CalibrationMethod.LC_PLUS_PLUS_W:
            own.append(MergeWeights(adapters, name))
            corrections.weights[f"{layer_of(name)}/{module}"] = own[-1]
        setattr(model.get_submodule(parent), module, CalibratedLinear(linear, own))
    return corrections


def _fp16(parameter: nn.Parameter) -> np.ndarray[Any, Any]:
    return parameter.detach().numpy().astype(np.float16)
