"""Tiny random models in Hugging Face layout: one of each architecture that can be a base."""

import json
from pathlib import Path
from typing import Any

import torch
from transformers import AutoConfig, AutoModelForCausalLM

from toolchain import paths
from toolchain.base_model.chat_turn import TEMPLATE_FILE
from toolchain.base_model.from_folder import import_base
from toolchain.base_model.specification import BaseSpecification
from toolchain.tests.tiny import BOS, EOS, PAD, SPECIAL_TOKENS, byte_tokenizer

_COMMON = {
    "vocab_size": 288,
    "hidden_size": 64,
    "intermediate_size": 96,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "max_position_embeddings": 512,
    # Wide enough that greedy choices are far apart.
    "initializer_range": 0.3,
    "pad_token_id": PAD,
    "bos_token_id": BOS,
    "eos_token_id": EOS,
}
SHAPES: dict[str, dict[str, Any]] = {
    "llama": {"model_type": "llama", "num_key_value_heads": 2, "tie_word_embeddings": False},
    "scaled llama": {
        "model_type": "llama",
        "num_key_value_heads": 2,
        "tie_word_embeddings": True,
        # Some frequencies stay, some are divided by the factor, one is in between.
        "rope_parameters": {
            "rope_type": "llama3",
            "rope_theta": 10000.0,
            "factor": 32.0,
            "low_freq_factor": 1.0,
            "high_freq_factor": 4.0,
            "original_max_position_embeddings": 128,
        },
    },
    "qwen2": {"model_type": "qwen2", "num_key_value_heads": 2, "tie_word_embeddings": False},
    "stablelm": {"model_type": "stablelm", "num_key_value_heads": 4, "use_qkv_bias": True},
}


def tiny(kind: str, **changed: Any) -> Any:
    """A frozen random model; biases and norms are random too, so that losing one shows."""
    torch.manual_seed(0)
    config = AutoConfig.for_model(**_COMMON | SHAPES[kind] | changed)
    model = AutoModelForCausalLM.from_config(config)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if parameter.dim() == 1:
                parameter.copy_(torch.randn_like(parameter) * 0.1 + (0 if name.endswith("bias") else 1))
    return model.requires_grad_(requires_grad=False).eval()


def write_tiny(folder: Path, kind: str, **changed: Any) -> Path:
    """The model with a tokenizer of bytes and a licence; the vocabulary is larger than the tokenizer's, as public models' are."""
    assert len(SPECIAL_TOKENS) + 256 < _COMMON["vocab_size"]
    tiny(kind, **changed).save_pretrained(folder)
    byte_tokenizer().save(str(folder / "tokenizer.json"))
    (folder / "LICENSE").write_text(f"terms of {kind}")
    return folder


def import_tiny(folder: Path) -> BaseSpecification:
    """Make the model the base that is chosen."""
    return import_base(folder, paths.chosen_base(), 96, 8, lambda _line: None)


def put_template(folder: Path, template: str, *, in_config: bool = False) -> None:
    """Give the model a chat template, in a file of its own or in its tokenizer's configuration."""
    config = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<bos>", "eos_token": "<eos>"}
    if in_config:
        config["chat_template"] = template
    else:
        (folder / TEMPLATE_FILE).write_text(template)
    (folder / "tokenizer_config.json").write_text(json.dumps(config))


def edit_config(folder: Path, **changed: Any) -> None:
    """Change what config.json says, whatever the weights are."""
    path = folder / "config.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | changed))
