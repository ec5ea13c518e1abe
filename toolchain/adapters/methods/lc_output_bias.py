"""LC, output-bias reading: y = (W0 + merge) x + p, with one p [d_out] for each module type, shared by all layers.

The paper leaves open whether p is added to the output or, as p·1ᵀ, to the weight. This reading does not fold into a LoRA: no phone gets it.
"""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from torch import nn

from toolchain.adapters.corrections import merge_into, wrap_linears
from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter, refuse_beyond_fp16
from toolchain.adapters.methods import concat
from toolchain.adapters.methods.budget import Budget
from toolchain.adapters.methods.fitted import fitted_tensors
from toolchain.adapters.methods.gradient_fit import Trainable, gradient_fit
from toolchain.adapters.methods.method import Learned, Method, single_adapters
from toolchain.adapters.safetensors_file import Array, write_tensors
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import Composition

ID = "lc-output-bias"
FILE = "bias.safetensors"


class OutputBias(nn.Module):
    """p [d_out], zero at first, so that training starts at the merge."""

    def __init__(self, d_out: int) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.zeros(d_out))

    def forward(self, _x: torch.Tensor) -> torch.Tensor:
        """p, whatever the input."""
        return self.p


def merge(adapters: Sequence[Adapter], biases: dict[str, Array]) -> Adapter:
    """The mean with `<linear>.bias` [d_out] beside its factors; `biases` maps module types to p."""
    mean = concat.merge(adapters)
    own = {f"{linear}.bias": biases[linear.rsplit(".", 1)[1]] for linear in mean.linears}
    return Adapter(mean.rank, mean.alpha, mean.tensors | own)


def prepare(base: LoadedBase, examples: Mapping[Composition, Sequence[Example]]) -> Trainable:
    """Merge the mean into the weights and attach one p to all linears of a module type."""
    (composition,) = examples
    adapters = single_adapters(composition)
    merge_into(base.model, adapters)
    shared: dict[str, OutputBias] = {}

    def beside(name: str, linear: nn.Linear) -> list[nn.Module]:
        return [shared.setdefault(name.rsplit(".", 1)[1], OutputBias(linear.out_features))]

    wrap_linears(base.model, beside)

    def save(folder: Path) -> None:
        with np.errstate(over="ignore"):
            biases = {module: item.p.detach().numpy().astype(np.float16) for module, item in shared.items()}
        refuse_beyond_fp16(f"{ID} of {composition.name}", merge(adapters, biases), "fit it at a lower rate")
        write_tensors(folder / FILE, biases)

    return Trainable(base.model, {module: item.p for module, item in shared.items()}, save)


def fit(load: Callable[[], LoadedBase], composition: Composition, budget: Budget, folder: Path) -> Learned:
    """Train p."""
    return gradient_fit(ID, prepare, load, [composition], budget, folder)


def _adapters(composition: Composition) -> list[Adapter]:
    return [merge(single_adapters(composition), fitted_tensors(ID, composition, FILE))]


METHOD = Method(ID, _adapters, fit=fit)
