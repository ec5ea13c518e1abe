"""Load what `model get` prepared: the dequantised weights for PyTorch and the shared tokenizer."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from tokenizers import Tokenizer

from toolchain.base_model.gradient_checkpointing import checkpoint_layers
from toolchain.base_model.specification import BaseSpecification
from toolchain.base_model.tokenizer import load_tokenizer
from toolchain.console import quiet_transformers
from toolchain.errors import ToolchainError, on_one_line

_UNLOADABLE = (
    SafetensorError,
    OSError,
    ValueError,
    TypeError,
    RuntimeError,
    KeyError,
    AttributeError,
    ArithmeticError,
    ImportError,
)
"""What the library raises of files that are torn, whose fields are of other kinds than it takes, or for which it wants a package more."""


@dataclass(frozen=True)
class LoadedBase:
    """A causal language model (float32, evaluation mode, frozen) with its tokenizer and specification."""

    specification: BaseSpecification
    model: Any
    tokenizer: Tokenizer


def load_base(specification: BaseSpecification, *, checkpoint_gradients: bool = False) -> LoadedBase:
    """Load the base model for training or reference generation; `checkpoint_gradients` trades time for memory in training.

    Raises:
        ToolchainError: it has not been fetched, or is damaged.
    """
    for path in (specification.dequantised_path, specification.tokenizer_path):
        if not path.exists():
            raise ToolchainError(f"{path} is missing: {specification.remedy}")
    folder = specification.dequantised_path
    model = load_weights(folder, f"remove {folder}, and {specification.remedy}")
    tokenizer = load_tokenizer(specification.tokenizer_path, specification.remedy)
    model.requires_grad_(requires_grad=False)
    model.eval()
    if checkpoint_gradients:
        checkpoint_layers(model)
    return LoadedBase(specification, model, tokenizer)


def load_weights(folder: Path, remedy: str) -> Any:
    """The causal language model of a folder in Hugging Face layout, in float32.

    Raises:
        ToolchainError: it cannot be loaded, or lacks weights, which the library would fill with random numbers, or there is an adapter
            beside it, which the library would apply.
    """
    from transformers import AutoModelForCausalLM

    if (adapter := folder / "adapter_config.json").exists():
        raise ToolchainError(f"{adapter} is of an adapter, which would be applied to the model beside it: take it away")
    quiet_transformers()
    try:
        model, found = AutoModelForCausalLM.from_pretrained(
            folder, dtype=torch.float32, local_files_only=True, output_loading_info=True
        )
    except _UNLOADABLE as error:
        raise ToolchainError(f"{folder} could not be loaded ({on_one_line(error)}): {remedy}") from None
    if lacking := sorted(found["missing_keys"]):
        raise ToolchainError(f"{folder} holds no weights of {lacking[0]}: {remedy}")
    return model
