"""DAM / ZipLoRA (arXiv 2410.08371, 2311.13600): learned coefficients for the columns of every adapter's delta, trained on the data.

ΔW = Σ s_i B_i A_i diag(c_i), with c_i [d_in] for each adapter and linear: it folds into A_i.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from toolchain.adapters.compose import compose
from toolchain.adapters.corrections import wrap_linears
from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter, refuse_beyond_fp16
from toolchain.adapters.methods.budget import Budget
from toolchain.adapters.methods.fitted import fitted_tensors
from toolchain.adapters.methods.gradient_fit import Trainable, gradient_fit
from toolchain.adapters.methods.method import Learned, Method, single_adapters
from toolchain.adapters.safetensors_file import Array, write_tensors
from toolchain.adapters.stacked_factors import StackedFactors
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition

ID = "dam"
FILE = "columns.safetensors"


class ScaledColumns(nn.Module):
    """The adapters of one linear, each with its columns scaled; c [n, d_in] starts at 1/n, which is the mean."""

    def __init__(self, adapters: Sequence[Adapter], linear: str) -> None:
        super().__init__()
        self.factors = StackedFactors(adapters, linear)
        d_in = self.factors.a.shape[1]
        self.columns = nn.Parameter(torch.full((len(adapters), d_in), 1 / len(adapters)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Σ s_i B_i A_i (c_i ∘ x) for x [..., d_in]."""
        return self.factors.by_column(x, self.columns)


@np.errstate(over="ignore", invalid="ignore")
def merge(adapters: Sequence[Adapter], columns: dict[str, Array]) -> Adapter:
    """One LoRA with the coefficients (linear -> [n, d_in]) folded into A, fp16."""
    scaled = []
    for index, adapter in enumerate(adapters):
        tensors = dict(adapter.tensors)
        for linear in adapter.linears:
            a = adapter.tensors[f"{linear}.lora_A"].astype(np.float32) * columns[linear][index]
            tensors[f"{linear}.lora_A"] = a.astype(np.float16)
        scaled.append(Adapter(adapter.rank, adapter.alpha, tensors))
    return compose(scaled, [1.0] * len(scaled))


def prepare(base: LoadedBase, examples: Mapping[Composition, Sequence[Example]]) -> Trainable:
    """Attach the coefficients to every linear."""
    (composition,) = examples
    adapters = single_adapters(composition)
    scaled: dict[str, ScaledColumns] = {}
    wrap_linears(base.model, lambda name, _linear: [scaled.setdefault(name, ScaledColumns(adapters, name))])

    def save(folder: Path) -> None:
        columns = {name: item.columns.detach().numpy() for name, item in scaled.items()}
        refuse_beyond_fp16(f"{ID} of {composition.name}", merge(adapters, columns), "fit it at a lower rate")
        write_tensors(folder / FILE, columns)

    return Trainable(base.model, {name: item.columns for name, item in scaled.items()}, save)


def fit(load: Callable[[], LoadedBase], composition: Composition, budget: Budget, folder: Path) -> Learned:
    """Train the coefficients."""
    return gradient_fit(ID, prepare, load, [composition], budget, folder)


def _adapters(composition: Composition) -> list[Adapter]:
    return [merge(single_adapters(composition), fitted_tensors(ID, composition, FILE))]


# A coefficient that starts at 1/n moves by little more than the rate in a step: at 1e-3 it would end where it began.
METHOD = Method(ID, _adapters, paper="DAM/ZipLoRA merge", fit=fit, rates=(3e-2, 1e-1))
