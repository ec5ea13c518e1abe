"""The configuration of a PEFT LoRA: read, and refused where the adapter is no plain LoRA, or is another base's."""

import json
import os
import re
import reprlib
from pathlib import Path
from typing import Any, TypeGuard

import numpy as np

from toolchain.base_model.specification import BaseSpecification
from toolchain.errors import ToolchainError
from toolchain.json_object import each_once
from toolchain.plain_files import read_plain

MAX_CONFIG_BYTES = 1 << 20
_LEAST, _LARGEST = (float(limit) for limit in (np.finfo(np.float32).tiny, np.finfo(np.float32).max))
_SNAPSHOT = re.compile(r"models--(?:[^/]+--)?([^/]+)/snapshots/[0-9a-f]{40}/?$")
_REASONS = {
    "alora_invocation_tokens": "it works after certain tokens only (aLoRA)",
    "bias": "it trains biases",
    "fan_in_fan_out": "its weights are transposed",
    "init_lora_weights": "it began with a part of the base's own weights, and PEFT's save_pretrained did not convert it",
    "layer_replication": "it replicates layers",
    "lora_bias": "it trains biases",
    "modules_to_save": "it saves whole modules",
    "target_parameters": "it adapts other parameters than linears",
    "trainable_token_indices": "it trains embeddings",
    "use_dora": "it is a DoRA",
    "use_rslora": "it is rank-stabilised (rsLoRA)",
}
_HARMLESS: dict[str, tuple[object, ...]] = {
    "bias": ("none",),
    # Others (PiSSA, OLoRA, LoftQ, CorDA …) move a part of the base's weights into the adapter.
    "init_lora_weights": (True, "gaussian", "orthogonal", "eva"),
    # It ties what is trained of the embeddings to the output layer, and ours are of neither.
    "ensure_weight_tying": (True,),
    # [] is not what PEFT writes for "not set"; but none of these is none.
    **dict.fromkeys(("layer_replication", "modules_to_save", "target_parameters", "trainable_token_indices"), ([],)),
}
"""Values of settings with which an adapter is a plain LoRA, beside those for "not set"."""
_NEUTRAL = {
    "alpha_pattern",
    "auto_mapping",
    "base_model_name_or_path",
    "corda_config",
    "eva_config",
    "exclude_modules",
    "inference_mode",
    "layers_pattern",
    "layers_to_transform",
    "lora_alpha",
    "lora_dropout",
    "lora_ga_config",
    "megatron_core",
    "peft_type",
    "peft_version",
    "qalora_group_size",
    "r",
    "rank_pattern",
    "revision",
    "target_modules",
    "task_type",
}
"""Settings that do not change what the finished adapter computes, or are held against its factors where those are read."""


def plain_lora_config(path: Path, remedy: str, base: BaseSpecification | None = None) -> dict[str, Any]:
    """The configuration of a plain LoRA, which may have `rank_pattern` and `alpha_pattern`; `remedy` says what to do where there is none.

    Raises:
        ToolchainError: it is missing, damaged, no plain file, says anything twice, lacks a positive rank or alpha, is of another kind of
            adapter, sets what is not known to be harmless, or names another base than `base`.
    """
    config = _read(path, remedy)
    if (kind := config.get("peft_type")) != "LORA":
        raise ToolchainError(f"{path} cannot be composed: it is not a LoRA but peft_type {kind!r}; give a plain LoRA")
    for key in ("r", "lora_alpha"):
        if not is_positive(config.get(key)):
            found = f"has {reprlib.repr(config[key])} as {key!r}" if key in config else f"lacks {key!r}"
            raise ToolchainError(f"{path} {found}, where a positive number that float32 holds is wanted: {remedy}")
    if not isinstance(config["r"], int):
        raise ToolchainError(f"{path} has the rank {config['r']}, which is no whole number: {remedy}")
    for key in ("rank_pattern", "alpha_pattern"):
        if not isinstance(config.get(key), dict | None):
            raise ToolchainError(
                f"{path}: {key} is {reprlib.repr(config[key])}, and no object of names and numbers: {remedy}"
            )
    _refuse_what_is_not_plain(path, config)
    if base is not None:
        _refuse_other_bases(path, config, base)
    return config


def is_positive(value: object) -> TypeGuard[float]:
    """Whether it is a number that float32, in which the device computes, holds as a positive one."""
    return isinstance(value, int | float) and not isinstance(value, bool) and _LEAST <= value <= _LARGEST


def _read(path: Path, remedy: str) -> dict[str, Any]:
    try:
        # Where a link leads: the folders that Hugging Face's cache keeps hold nothing but links.
        content = read_plain(Path(os.path.realpath(path)), MAX_CONFIG_BYTES)
        config = json.loads(content.decode("utf-8-sig"), object_pairs_hook=each_once)
    except (FileNotFoundError, NotADirectoryError):
        raise ToolchainError(f"{path} is missing: {remedy}") from None
    except (ValueError, RecursionError) as error:
        raise ToolchainError(f"{path} is not JSON that can be read ({error}): {remedy}") from None
    if not isinstance(config, dict):
        raise ToolchainError(f"{path} is no JSON object: {remedy}")
    return config


def _refuse_what_is_not_plain(path: Path, config: dict[str, Any]) -> None:
    for key, value in config.items():
        # 0 is not what PEFT writes for "not set".
        not_set = value is None or value is False or value == {}
        if key in _NEUTRAL or not_set or value in _HARMLESS.get(key, ()):
            continue
        reason = _REASONS.get(key, "it has a setting of which it is not known that it can be left out")
        raise ToolchainError(f"{path} cannot be composed: {reason} ({key}: {reprlib.repr(value)}); give a plain LoRA")


def _refuse_other_bases(path: Path, config: dict[str, Any], base: BaseSpecification) -> None:
    named = config.get("base_model_name_or_path")
    if named and _last_name(str(named)).lower() not in _names(base):
        raise ToolchainError(
            f"{path} says that the adapter was trained for {named!r}, not for {base.name}: it cannot be composed here; "
            f"if that is the same base under another name, write {base.name} into base_model_name_or_path"
        )


def _last_name(path: str) -> str:
    """The name of a repository or folder; of a snapshot in Hugging Face's cache that of its repository."""
    if snapshot := _SNAPSHOT.search(path):
        return snapshot[1]
    return path.rstrip("/").rsplit("/", 1)[-1]


def _names(base: BaseSpecification) -> tuple[str, str]:
    return base.name.lower(), base.dequantised_path.name.lower()
