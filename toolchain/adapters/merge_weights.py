"""Learned merge weights: how much of each adapter every single linear gets, instead of the same mean everywhere (our own; not in the paper)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from toolchain.adapters.calibration_file import Entry
from toolchain.adapters.files import Adapter
from toolchain.adapters.stacked_factors import StackedFactors

_GAIN = 10.0
"""A weight moves this many times as far as another parameter does at the same learning rate."""


class MergeWeights(nn.Module):
    """The adapters of one linear, each times its weight's distance from the mean's 1/n: zero at first, so that training starts at the merge."""

    def __init__(self, adapters: Sequence[Adapter], linear: str) -> None:
        super().__init__()
        self.factors = StackedFactors(adapters, linear)
        self.distance = nn.Parameter(torch.zeros(len(adapters)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Σ (w_i - 1/n) s_i B_i A_i x for x [..., d_in]."""
        return self.factors(x, _GAIN * self.distance)  # type: ignore[no-any-return]

    def entry(self, layer: int, module: str) -> Entry:
        """The merge weights w [n] of this linear, float32."""
        count = len(self.distance)
        weights = 1 / count + _GAIN * self.distance.detach().numpy()
        return Entry(layer, layer, module, weights=weights.astype(np.float32))
