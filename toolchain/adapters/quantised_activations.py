"""Activations as integer kernels see them: on quantised weights they round every linear's input to 8 bits, block by block.

A calibration that was trained on exact activations writes shorter and worse answers on such kernels; one that was trained on rounded ones
does not. The gradient passes the rounding as if it were not there (straight-through estimator, Bengio et al. 2013, arXiv 1308.3432).
"""

from typing import Any

import torch
from torch import nn

SMALL_BLOCK, LARGE_BLOCK = 32, 256
"""Values that share a scale: ggml's Q8_0, as the device core has it, and its Q8_K. The latter, where an input's length allows it, is the
harder case: what is trained under it bears the former too."""


def rounded(x: torch.Tensor, block: int) -> torch.Tensor:
    """x [..., n], n a multiple of `block`, each block as integers of -127..127 times its largest magnitude / 127; dtype and shape of x."""
    blocks = x.float().reshape(*x.shape[:-1], -1, block)
    scale = blocks.abs().amax(-1, keepdim=True) / 127
    return (torch.round(blocks / scale.where(scale > 0, 1)) * scale).reshape(x.shape).to(x.dtype)


def quantise_activations(model: Any) -> None:
    """Round, from now on, the input of every linear of `model`, its head included, whose input is what the last norm makes. What is added
    beside a linear sees the exact input, as an adapter does on the device."""
    for name, module in model.named_modules():
        if not isinstance(module, nn.Linear) or module.in_features % SMALL_BLOCK:
            continue
        if name == "lm_head":
            model.model.norm.register_forward_hook(lambda _norm, _inputs, hidden: _rounded_there(hidden))
        else:
            module.register_forward_pre_hook(lambda _linear, inputs: (_rounded_there(inputs[0]), *inputs[1:]))


def _rounded_there(x: torch.Tensor) -> torch.Tensor:
    """x rounded, with the gradient of x."""
    block = SMALL_BLOCK if x.shape[-1] % LARGE_BLOCK else LARGE_BLOCK
    return x + (rounded(x, block) - x).detach()
