"""Parameters of a base, a LoRA, LC and LC++ from the base's public shape alone: no weight is made (meta device), none downloaded."""

from dataclasses import dataclass
from typing import Any

import torch

from toolchain.adapters.corrections import CalibrationMethod, attach
from toolchain.adapters.linears import adapted_linears

BYTES_PER_PARAMETER = 2
"""Adapters and calibrations ship in fp16."""


@dataclass(frozen=True)
class Parameters:
    """Counts; LC and LC++ are for one composition, the LoRA for one task."""

    base: int
    lora: int
    lc: int
    lc_plus_plus: int


def model_of(shape: dict[str, Any]) -> Any:
    """A causal language model of this configuration, on the device of the caller's context."""
    from transformers import AutoConfig, AutoModelForCausalLM

    return AutoModelForCausalLM.from_config(AutoConfig.for_model(**shape))


def count_parameters(shape: dict[str, Any], rank: int) -> Parameters:
    """The counts for LoRAs of `rank` on all seven linears."""
    with torch.device("meta"):
        model = model_of(shape)
        base = sum(parameter.numel() for parameter in model.parameters())
        lora = sum(rank * (linear.in_features + linear.out_features) for _, linear in adapted_linears(model))
        lc, lc_plus_plus = (
            sum(parameter.numel() for parameter in attach(model_of(shape), method).parameters())
            for method in (CalibrationMethod.LC, CalibrationMethod.LC_PLUS_PLUS)
        )
    return Parameters(base, lora, lc, lc_plus_plus)
