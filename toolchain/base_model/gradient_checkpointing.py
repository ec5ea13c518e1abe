"""Gradient checkpointing: of each layer only the input is kept for the backward pass, the rest is computed again (arXiv 1604.06174)."""

from functools import partial
from typing import Any

from torch.utils.checkpoint import checkpoint


def checkpoint_layers(model: Any) -> None:
    """Do it for every layer of a causal language model, whatever is attached to its linears later; the gradients stay the same.

    Not the library's own switch, which works in training mode only: a calibration leaves the frozen base in evaluation mode.
    """
    for layer in model.model.layers:
        layer.forward = partial(checkpoint, layer.forward, use_reentrant=False)
