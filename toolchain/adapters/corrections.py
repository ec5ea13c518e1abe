"""What a calibration puts beside the linears of a model, and which of it each method trains."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Any

import numpy as np
import torch
from torch import nn

from toolchain.adapters.calibration_file import Entry
from toolchain.adapters.compose import compose, delta, layer_of, mean_weights
from toolchain.adapters.files import Adapter, in_fp16
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.merge_weights import MergeWeights

CALIBRATION_RANK = 4
RANK_BESIDE_DIRECTIONS = 3
"""Of LC++D, whose direction weights then still leave it smaller than LC++."""


class CalibrationMethod(StrEnum):
    """LC adds p·1ᵀ (the foldable reading), LC++ adds P2·P1; both are shared by all layers of a module type.

    The others are our own. LC++S is one LC++ for all compositions of a main task (main_task_calibration.py), LC++I lies between it, LC++ and
    the merge (interpolation.py): those two are made by commands of their own. LC++F starts at LC++S and goes on with the data of one
    composition; trained beside the mean, it may be composed beside a stronger merge. LC++R goes on from LC++F, beside the merge that it is
    composed with, by what its own answers are worth (rewarded_samples.py). LC++W also learns the merge weights of every linear: 252
    more parameters on the default base. LC++D learns a weight for every rank direction of every adapter on every linear, and a smaller P2·P1:
    43,584 parameters, LC++ has 52,736. LC++M starts at a weighted merge, one weight for each task, instead of at the mean.
    """

    LC = "lc"
    LC_PLUS_PLUS = "lc++"
    LC_PLUS_PLUS_S = "lc++s"
    LC_PLUS_PLUS_I = "lc++i"
    LC_PLUS_PLUS_F = "lc++f"
    LC_PLUS_PLUS_R = "lc++r"
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


@dataclass(frozen=True)
class _Trained:
    """One correction for each module type; where the method learns them, merge weights for each linear."""

    shared: Callable[[int, int], SharedPair | SharedVector] = SharedPair
    weights: Callable[[Sequence[Adapter], str], MergeWeights] | None = None


_TRAINED = {method: _Trained() for method in CalibrationMethod} | {
    CalibrationMethod.LC: _Trained(SharedVector),
    CalibrationMethod.LC_PLUS_PLUS_W: _Trained(weights=MergeWeights),
    CalibrationMethod.LC_PLUS_PLUS_D: _Trained(
        partial(SharedPair, rank=RANK_BESIDE_DIRECTIONS), partial(MergeWeights, by_direction=True)
    ),
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

    def folded(self) -> torch.Tensor:
        """W' + Σ P2·P1 [d_out, d_in], where all corrections are pairs."""
        return sum((pair.p2 @ pair.p1 for pair in self.corrections), start=self.linear.weight)  # type: ignore[operator]


class Corrections(nn.Module):
    """All that a calibration trains: `shared` by module type, `weights` by linear (`3/q_proj`)."""

    def __init__(self) -> None:
        super().__init__()
        self.shared = nn.ModuleDict()
        self.weights = nn.ModuleDict()

    def start_at(self, entries: Sequence[Entry]) -> None:
        """Go on from the P2·P1 of a calibration whose pairs are shared by all layers, as `entries` writes them."""
        with torch.no_grad():
            for entry in entries:
                pair = self.shared[entry.module]
                pair.p1.copy_(torch.as_tensor(entry.p1))  # type: ignore[operator]
                pair.p2.copy_(torch.as_tensor(entry.p2))  # type: ignore[operator]

    def entries(self, layers: int) -> tuple[Entry, ...]:
        """The trained tensors as a calibration file holds them."""
        shared = [correction.entry(layers, module) for module, correction in self.shared.items()]  # type: ignore[operator]
        weights = []
        for key, correction in self.weights.items():
            layer, module = key.split("/")
            weights.append(correction.entry(int(layer), module))  # type: ignore[operator]
        return (*shared, *weights)


def merge_into(model: Any, adapters: list[Adapter], weights: Sequence[float] | None = None) -> None:
    """Add the weighted sum of the adapters (by default their mean), rounded as the device rounds it, to the frozen weights in place."""
    merged = compose(adapters, weights or mean_weights(len(adapters)))
    with torch.no_grad():
        for name, linear in adapted_linears(model):
            linear.weight += torch.from_numpy(delta(merged, name))


def attach(model: Any, method: CalibrationMethod, adapters: Sequence[Adapter] = ()) -> Corrections:
    """Wrap the linears of a model that `adapters` were merged into; returns what is to be trained.

    Raises:
        ToolchainError: the method weighs rank directions, and the ranks differ.
    """
    corrections, trained = Corrections(), _TRAINED[method]

    def beside(name: str, linear: nn.Linear) -> list[nn.Module]:
        module = name.rsplit(".", 1)[1]
        if module not in corrections.shared:
            corrections.shared[module] = trained.shared(linear.in_features, linear.out_features)
        own: list[nn.Module] = [corrections.shared[module]]
        if trained.weights:
            own.append(trained.weights(adapters, name))
            corrections.weights[f"{layer_of(name)}/{module}"] = own[-1]
        return own

    wrap_linears(model, beside)
    return corrections


def wrap_linears(model: Any, beside: Callable[[str, nn.Linear], Sequence[nn.Module]]) -> None:
    """Put in the place of every adapted linear, in the model's order, a `CalibratedLinear` with what `beside` makes for its name and it."""
    for name, linear in list(adapted_linears(model)):
        parent, module = name.rsplit(".", 1)
        setattr(model.get_submodule(parent), module, CalibratedLinear(linear, beside(name, linear)))


def _fp16(parameter: nn.Parameter) -> np.ndarray[Any, Any]:
    return in_fp16(parameter.detach().numpy())
