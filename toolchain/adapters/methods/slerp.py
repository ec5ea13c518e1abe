"""Slerp merge: spherical interpolation (Shoemake 1985) of the LoRA factors, one after another for more than two adapters."""

from collections.abc import Sequence

import numpy as np

from toolchain.adapters.files import Adapter, in_fp16
from toolchain.adapters.methods.alike import refuse_unlike
from toolchain.adapters.methods.method import Method, single_adapters
from toolchain.adapters.safetensors_file import Array

_PARALLEL = 1e-4


def interpolate(first: Array, second: Array, t: float) -> Array:
    """The point at share `t` of the great circle from `first` to `second`; the straight line where they are parallel or one is zero."""
    norms = np.linalg.norm(first) * np.linalg.norm(second)
    cosine = float(np.clip(np.vdot(first, second) / norms, -1, 1)) if norms else 1.0
    angle = np.arccos(cosine)
    if np.sin(angle) < _PARALLEL:
        return (1 - t) * first + t * second
    weights = np.sin([(1 - t) * angle, t * angle]) / np.sin(angle)
    return np.float32(weights[0]) * first + np.float32(weights[1]) * second


def merge(adapters: Sequence[Adapter]) -> Adapter:
    """Halfway between two adapters; the k-th of more gets the share 1/k. Scales go into both factors, √s each.

    Raises:
        ToolchainError: the ranks or the adapted linears differ.
    """
    first = adapters[0]
    refuse_unlike("a slerp merge", adapters)
    tensors = {}
    for name in first.tensors:
        factors = [np.sqrt(adapter.scale) * adapter.tensors[name].astype(np.float32) for adapter in adapters]
        merged = factors[0]
        for index, factor in enumerate(factors[1:], start=2):
            merged = interpolate(merged, factor, 1 / index)
        tensors[name] = in_fp16(merged)
    return Adapter(first.rank, first.rank, tensors)


METHOD = Method(
    "slerp", lambda composition: [merge(single_adapters(composition))], tunes_prompt=True, paper="Slerp merge"
)
