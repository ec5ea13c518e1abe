"""Sizes: what a calibration and a LoRA add to public model shapes (weights are never made: meta device)."""

from dataclasses import dataclass
from typing import Any

import pytest
import torch
from transformers import AutoConfig, AutoModelForCausalLM

from toolchain.adapters.calibration import CalibrationMethod, attach
from toolchain.adapters.linears import adapted_linears


@dataclass(frozen=True)
class Shape:
    """A public model's linears, and the parameters that the method adds to them."""

    architecture: str
    sizes: dict[str, int]
    lc: int
    lc_plus_plus: int
    lora_rank: int
    lora: int


def _sizes(layers: int, hidden: int, intermediate: int, heads: int, key_value_heads: int, head: int) -> dict[str, int]:
    return {
        "num_hidden_layers": layers,
        "hidden_size": hidden,
        "intermediate_size": intermediate,
        "num_attention_heads": heads,
        "num_key_value_heads": key_value_heads,
        "head_dim": head,
    }


# The paper gives 23K for LC, 166K for LC++ and 30M for a LoRA as means over its three models (arXiv 2507.16083, table 2).
SHAPES = {
    "gemma-3-270m": Shape("gemma3_text", _sizes(18, 640, 2048, 4, 1, 256), 6_912, 52_736, 16, 3_796_992),
    "Llama-3.2-1B": Shape("llama", _sizes(16, 2048, 8192, 32, 8, 64), 23_552, 176_128, 32, 22_544_384),
    "Qwen2.5-1.5B": Shape("qwen2", _sizes(28, 1536, 8960, 12, 2, 128), 23_040, 164_864, 32, 36_929_536),
    "StableLM2-1.6B": Shape("stablelm", _sizes(24, 2048, 5632, 32, 32, 64), 21_504, 157_696, 32, 30_277_632),
}


def _model(shape: Shape) -> Any:
    config = AutoConfig.for_model(shape.architecture, vocab_size=8, pad_token_id=0, **shape.sizes)
    return AutoModelForCausalLM.from_config(config)


@pytest.mark.parametrize("name", SHAPES)
def test_parameter_counts(name: str) -> None:
    shape = SHAPES[name]
    with torch.device("meta"):
        lora = sum(
            shape.lora_rank * (linear.in_features + linear.out_features) for _, linear in adapted_linears(_model(shape))
        )
        counts = {
            method: sum(parameter.numel() for parameter in attach(_model(shape), method).parameters())
            for method in (CalibrationMethod.LC, CalibrationMethod.LC_PLUS_PLUS)
        }
    assert counts == {CalibrationMethod.LC: shape.lc, CalibrationMethod.LC_PLUS_PLUS: shape.lc_plus_plus}
    assert lora == shape.lora


def test_the_means_are_the_papers() -> None:
    papers = [shape for name, shape in SHAPES.items() if name != "gemma-3-270m"]
    assert round(sum(shape.lc for shape in papers) / 3, -3) == 23_000
    assert round(sum(shape.lc_plus_plus for shape in papers) / 3, -3) == 166_000
    assert round(sum(shape.lora for shape in papers) / 3, -6) == 30_000_000
