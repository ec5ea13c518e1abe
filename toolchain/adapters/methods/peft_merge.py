"""PEFT's own `add_weighted_adapter` on our adapters: a skeleton model of bare linears carries them, no base model is loaded."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from torch import nn

from toolchain.adapters.files import Adapter, in_fp16
from toolchain.adapters.methods.alike import refuse_unlike
from toolchain.adapters.safetensors_file import Array

MERGED = "merged"


def peft_merge(
    adapters: Sequence[Adapter], weights: Sequence[float], combination: str, density: float | None = None
) -> Adapter:
    """`combination` (linear, cat, ties, dare_linear, …) of the adapters by PEFT, as one fp16 LoRA of scale 1.

    Raises:
        ToolchainError: the linears differ, or the ranks do and the combination needs equal ones.
    """
    from peft import LoraConfig, PeftModel, get_peft_model

    refuse_unlike(f"a {combination} merge", adapters, ranks=combination != "cat")
    model: PeftModel | None = None
    names = [f"a{index}" for index in range(len(adapters))]
    for name, adapter in zip(names, adapters, strict=True):
        config = LoraConfig(
            r=adapter.rank, lora_alpha=adapter.alpha, target_modules=list(adapter.linears), init_lora_weights=False
        )
        if model is None:
            model = get_peft_model(_skeleton(adapter), config, adapter_name=name)
        else:
            model.add_adapter(name, config)
        _put(model, name, adapter)
    assert model is not None
    torch.manual_seed(0)
    options: dict[str, Any] = {} if density is None else {"density": density}
    model.add_weighted_adapter(names, list(weights), MERGED, combination_type=combination, **options)
    return _taken(model)


def _skeleton(adapter: Adapter) -> nn.Module:
    """Linears of the right shapes at the right places; their weights are never written, so they take no memory."""
    root = nn.Module()
    for linear in adapter.linears:
        a, b = adapter.tensors[f"{linear}.lora_A"], adapter.tensors[f"{linear}.lora_B"]
        parent = root
        *path, last = linear.split(".")
        for part in path:
            if not hasattr(parent, part):
                parent.add_module(part, nn.Module())
            parent = getattr(parent, part)
        unwritten = nn.Linear(a.shape[1], b.shape[0], bias=False, device="meta").to_empty(device="cpu")
        parent.add_module(last, unwritten)
    return root


def _put(model: Any, name: str, adapter: Adapter) -> None:
    with torch.no_grad():
        for linear in adapter.linears:
            layer = model.base_model.model.get_submodule(linear)
            for factor in ("lora_A", "lora_B"):
                tensor = adapter.tensors[f"{linear}.{factor}"].astype(np.float32)
                getattr(layer, factor)[name].weight.copy_(torch.from_numpy(tensor))


def _taken(model: Any) -> Adapter:
    """The merged adapter; its scale goes into B."""
    tensors: dict[str, Array] = {}
    rank = 0
    for linear, layer in model.base_model.model.named_modules():
        if MERGED not in getattr(layer, "lora_A", {}):
            continue
        a, b = layer.lora_A[MERGED].weight.detach(), layer.lora_B[MERGED].weight.detach() * layer.scaling[MERGED]
        rank = a.shape[0]
        tensors[f"{linear}.lora_A"] = in_fp16(a.numpy())
        tensors[f"{linear}.lora_B"] = in_fp16(b.numpy())
    return Adapter(rank, rank, tensors)
