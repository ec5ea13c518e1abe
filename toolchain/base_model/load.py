"""Load what `model get` prepared: the dequantised weights for PyTorch and the shared tokenizer."""

from dataclasses import dataclass
from typing import Any

import torch
from tokenizers import Tokenizer

from toolchain.base_model.gradient_checkpointing import checkpoint_layers
from toolchain.base_model.specification import BaseSpecification
from toolchain.base_model.tokenizer import load_tokenizer
from toolchain.console import quiet_transformers
from toolchain.errors import ToolchainError


@dataclass(frozen=True)
class LoadedBase:
    """A causal language model (float32, evaluation mode, frozen) with its tokenizer and specification."""

    specification: BaseSpecification
    model: Any
    tokenizer: Tokenizer


def load_base(specification: BaseSpecification, *, checkpoint_gradients: bool = False) -> LoadedBase:
    """Load the base model for training or reference generation; `checkpoint_gradients` trades time for memory in training.

    Raises:
        ToolchainError: it has not been fetched.
    """
    from transformers import AutoModelForCausalLM

    for path in (specification.dequantised_path, specification.tokenizer_path):
        if not path.exists():
            raise ToolchainError(f"{path} is missing: {specification.remedy}")
    quiet_transformers()
    model = AutoModelForCausalLM.from_pretrained(
        specification.dequantised_path, dtype=torch.float32, local_files_only=True
    )
    model.requires_grad_(requires_grad=False)
    model.eval()
    if checkpoint_gradients:
        checkpoint_layers(model)
    return LoadedBase(specification, model, load_tokenizer(specification.tokenizer_path))
