"""Learned merge weights: how much of each adapter every single linear gets, instead of the same mean everywhere (our own; not in the paper)."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from toolchain.adapters.calibration_file import Entry
from toolchain.adapters.files import Adapter

_GAIN = 10.0
"""A weight moves this many times as far as another parameter does at the same learning rate."""


class MergeWeights(nn.Module):
    """The adapters of one linear, each times its weight's distance from the mean's 1/n: zero at first, so that training starts at the merge."""

    factors_a: torch.Tensor
    factors_b: torch.Tensor
    owner: torch.Tensor

    def __init__(self, adapters: Sequence[Adapter], linear: str) -> None:
        super().__init__()
        a = [adapter.tensors[f"{linear}.lora_A"].astype(np.float32) for adapter in adapters]
        b = [adapter.tensors[f"{linear}.lora_B"].astype(np.float32) * np.float32(adapter.scale) for adapter in adapters]
        self.register_buffer("factors_a", torch.from_numpy(np.concatenate(a, axis=0)), persistent=False)
        self.register_buffer("factors_b", torch.from_numpy(np.concatenate(b, axis=1)), persistent=False)
        owner = np.concatenate([np.full(factor.shape[0], index) for index, factor in enumerate(a)])
        self.register_buffer("owner", torch.from_numpy(owner), persistent=False)
        self.distance = nn.Parameter(torch.zeros(len(adapters)))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Σ (w_i - 1/n) s_i B_i A_i x for x [..., d_in]."""
        return ((x @ self.factors_a.T) * (_GAIN * self.distance)[self.owner]) @ self.factors_b.T

    def entry(self, layer: int, module: str) -> Entry:
        """The merge weights w [n] of this linear, float32."""
        count = len(self.distance)
        weights = 1 / count + _GAIN * self.distance.detach().numpy()
        return Entry(layer, layer, module, weights=weights.astype(np.float32))
