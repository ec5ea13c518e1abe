"""LC and LC++ shared over all tasks: one calibration for every composition, trained on the data of all (the paper's last two rows).

While it is trained, every conversation of a batch has its own merge: the rows of a batch belong to different compositions.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import nn

from toolchain import paths
from toolchain.adapters.calibration import CalibratedLinear, CalibrationMethod, attach
from toolchain.adapters.calibration_file import Calibration, read_calibration, write_calibration
from toolchain.adapters.compose import compose
from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter, read_adapter
from toolchain.adapters.merging.budget import Budget
from toolchain.adapters.merging.fitted import adapter_hashes, fitted_file
from toolchain.adapters.merging.gradient_fit import Prepare, Trainable, gradient_fit
from toolchain.adapters.merging.method import Fit, Method, mean_weights, single_adapters
from toolchain.adapters.merging.scope import EVERYTHING, Scope
from toolchain.adapters.stacked_factors import StackedFactors
from toolchain.base_model.load import LoadedBase
from toolchain.tasks import AUXILIARY_TASKS, MAIN_TASKS, Composition

FILE = "calibration.safetensors"
_PAPER = {
    CalibrationMethod.LC: "Shared over all tasks: LC",
    CalibrationMethod.LC_PLUS_PLUS: "Shared over all tasks: LC++",
}


def every_composition() -> list[Composition]:
    """All pairs of a main and an auxiliary task."""
    return [Composition.parse(f"{main}+{auxiliary}") for main in MAIN_TASKS for auxiliary in AUXILIARY_TASKS]


@dataclass
class RowWeights:
    """The merge weights of the rows of the batch that the model is reading: [batch, tasks]."""

    value: torch.Tensor


class RowMerge(nn.Module):
    """The adapters of all tasks on one linear; each row of a batch gets the mean of its own composition's."""

    def __init__(self, adapters: Sequence[Adapter], linear: str, weights: RowWeights) -> None:
        super().__init__()
        self.factors = StackedFactors(adapters, linear)
        self.weights = weights

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Σ w[row, task] s B A x for x [batch, length, d_in]."""
        return self.factors(x, self.weights.value[:, None])  # type: ignore[no-any-return]


class RowCompositions:
    """Before the model reads a batch: which composition each row is of, told by its prompt (the training loop hands over ids alone)."""

    def __init__(self, prompts: dict[tuple[int, ...], Composition], tasks: Sequence[str], weights: RowWeights) -> None:
        self._prompts, self._tasks, self._weights = prompts, tasks, weights
        self._lengths = sorted({len(prompt) for prompt in prompts})

    def __call__(self, _model: nn.Module, _arguments: tuple[Any, ...], named: dict[str, Any]) -> None:
        """Set the weights of every row."""
        rows = [self._weights_of(row) for row in named["input_ids"].tolist()]
        self._weights.value = torch.tensor(rows, dtype=torch.float32, device=named["input_ids"].device)

    def _weights_of(self, row: list[int]) -> list[float]:
        composition = next(
            found for length in self._lengths if (found := self._prompts.get(tuple(row[:length]))) is not None
        )
        return [1 / len(composition.ids) if task in composition.ids else 0.0 for task in self._tasks]


def prepare(method: CalibrationMethod) -> Prepare:
    """What to train: the shared correction, beside the merge of each row's composition on every linear."""

    def prepared(base: LoadedBase, examples: Mapping[Composition, Sequence[Example]]) -> Trainable:
        adapters = [read_adapter(paths.ADAPTERS / task) for task in EVERYTHING.ids]
        corrections = attach(base.model, method)
        weights = RowWeights(torch.zeros(0))
        for name, module in list(base.model.named_modules()):
            if isinstance(module, CalibratedLinear):
                module.corrections.append(RowMerge(adapters, name, weights))
        prompts = {tuple(example.prompt): item for item, of_it in examples.items() for example in of_it}
        told = RowCompositions(prompts, EVERYTHING.ids, weights)
        base.model.model.register_forward_pre_hook(told, with_kwargs=True)

        def save(folder: Path) -> None:
            entries = corrections.entries(base.model.config.num_hidden_layers)
            hashes = adapter_hashes(EVERYTHING)
            calibration = Calibration(method, EVERYTHING.name, base.specification.sha256, hashes, entries)
            write_calibration(folder / FILE, calibration)

        return Trainable(base.model, dict(corrections.named_parameters()), save)

    return prepared


def _fit(identifier: str, method: CalibrationMethod) -> Fit:
    def fit(load: Callable[[], LoadedBase], _scope: Scope, budget: Budget, folder: Path) -> dict[str, Any]:
        return gradient_fit(identifier, prepare(method), load, every_composition(), budget, folder)

    return fit


def _adapters(identifier: str) -> Callable[[Composition], list[Adapter]]:
    def adapters(composition: Composition) -> list[Adapter]:
        single = single_adapters(composition)
        calibration = read_calibration(fitted_file(identifier, EVERYTHING, FILE))
        return [compose(single, mean_weights(len(single)), calibration)]

    return adapters


METHODS = [
    Method(
        f"{method}-shared",
        _adapters(f"{method}-shared"),
        paper=paper,
        fit=_fit(f"{method}-shared", method),
        shared=True,
    )
    for method, paper in _PAPER.items()
]
