"""The factors of several adapters on one linear, stacked, so that one product applies them all, each with a weight."""

from collections.abc import Sequence

import numpy as np
import torch
from torch import nn

from toolchain.adapters.files import Adapter


class StackedFactors(nn.Module):
    """A [Σr, d_in], s·B [d_out, Σr] and the index of the adapter that owns each of the Σr directions; frozen, float32."""

    a: torch.Tensor
    b: torch.Tensor
    owner: torch.Tensor

    def __init__(self, adapters: Sequence[Adapter], linear: str) -> None:
        super().__init__()
        a = [adapter.tensors[f"{linear}.lora_A"].astype(np.float32) for adapter in adapters]
        b = [adapter.tensors[f"{linear}.lora_B"].astype(np.float32) * np.float32(adapter.scale) for adapter in adapters]
        self.register_buffer("a", torch.from_numpy(np.concatenate(a, axis=0)), persistent=False)
        self.register_buffer("b", torch.from_numpy(np.concatenate(b, axis=1)), persistent=False)
        owner = np.concatenate([np.full(factor.shape[0], index) for index, factor in enumerate(a)])
        self.register_buffer("owner", torch.from_numpy(owner), persistent=False)

    def forward(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Σ w_i s_i B_i A_i x for x [..., d_in] and weights [..., adapters] that broadcast against it."""
        return self.by_direction(x, weights[..., self.owner])

    def by_column(self, x: torch.Tensor, columns: torch.Tensor) -> torch.Tensor:
        """Σ s_i B_i A_i diag(c_i) x for x [..., d_in] and columns [adapters, d_in]: A is scaled, which is smaller than x."""
        return (x @ (self.a * columns[self.owner]).T) @ self.b.T

    def by_direction(self, x: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Σ s B diag(w) A x over all directions, for x [..., d_in] and weights [..., Σr] that broadcast against it."""
        return ((x @ self.a.T) * weights) @ self.b.T
