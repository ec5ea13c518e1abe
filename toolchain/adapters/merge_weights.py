"""Learned merge weights: how much of each adapter, or of each of its rank directions, every single linear gets (our own; not in the paper)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from toolchain.adapters.calibration_file import Entry
from toolchain.adapters.files import Adapter
from toolchain.adapters.stacked_factors import StackedFactors
from toolchain.errors import ToolchainError

_GAIN = 10.0
"""A weight moves this many times as far as another parameter does at the same learning rate."""


class MergeWeights(nn.Module):
    """The adapters of one linear, each times its weight's distance from the mean's 1/n: zero at first, so that training starts at the merge.

    One weight for each adapter, or with `by_direction` one for each of its rank directions, whose number must then be the same for all.
    """

    def __init__(self, adapters: Sequence[Adapter], linear: str, *, by_direction: bool = False) -> None:
        super().__init__()
        shape: tuple[int, ...] = (len(adapters),)
        if by_direction:
            ranks = sorted({adapter.rank for adapter in adapters})
            if len(ranks) > 1:
                raise ToolchainError(
                    f"adapters of ranks {ranks} cannot have a merge weight for each direction: train them with one rank"
                )
            shape = (len(adapters), ranks[0])
        self.factors = StackedFactors(adapters, linear)
        self.distance = nn.Parameter(torch.zeros(shape))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Σ s_i B_i diag(w_i - 1/n) A_i x for x [..., d_in]."""
        distance = _GAIN * self.distance
        if distance.ndim > 1:
            return self.factors.by_direction(x, distance.flatten())
        return self.factors(x, distance)  # type: ignore[no-any-return]

    def entry(self, layer: int, module: str) -> Entry:
        """The merge weights w [n] or [n, rank] of this linear, float32."""
        weights = 1 / len(self.distance) + _GAIN * self.distance.detach().numpy()
        return Entry(layer, layer, module, weights=weights.astype(np.float32))
