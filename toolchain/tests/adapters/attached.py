"""What a training of a tiny model trains: a LoRA, or an LC++."""

from collections.abc import Callable
from typing import Any

import torch

from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.lora import LoraShape, add_lora


def attached(
    model: Any, trained: str, dropout: float
) -> tuple[dict[str, torch.nn.Parameter], Callable[[bool], object]]:
    """Put a "lora" or else an LC++, of seed 0, into a model: its parameters, and what switches the LoRA's dropout on and off."""
    torch.manual_seed(0)
    if trained == "lora":
        wrapped = add_lora(model, LoraShape(rank=2, alpha=4, dropout=dropout))
        return {name: item for name, item in wrapped.named_parameters() if item.requires_grad}, wrapped.train
    return dict(attach(model, CalibrationMethod.LC_PLUS_PLUS).named_parameters()), lambda _training: None
