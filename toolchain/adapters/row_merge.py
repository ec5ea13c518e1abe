"""A merge of its own for each row of a batch: what a calibration that several compositions share is trained beside."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn

from toolchain.adapters.corrections import CalibratedLinear
from toolchain.adapters.examples import Example
from toolchain.adapters.files import Adapter
from toolchain.adapters.stacked_factors import StackedFactors
from toolchain.adapters.task_adapter import task_adapter
from toolchain.tasks import Composition


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


def merge_by_row(model: Any, examples: Mapping[Composition, Sequence[Example]], tasks: Sequence[str]) -> None:
    """Beside the corrections that are attached to `model`: the mean of the adapters of each row's composition.

    `examples` are all that the model will read; `tasks` are those of all compositions.
    """
    adapters = [task_adapter(task) for task in tasks]
    weights = RowWeights(torch.zeros(0))
    for name, module in list(model.named_modules()):
        if isinstance(module, CalibratedLinear):
            module.corrections.append(RowMerge(adapters, name, weights))
    prompts = {tuple(example.prompt): item for item, of_it in examples.items() for example in of_it}
    model.model.register_forward_pre_hook(RowCompositions(prompts, tasks, weights), with_kwargs=True)
