"""Write a Llama or a Qwen2 as the Q8_0 GGUF file that the device core runs.

mistral.rs applies adapters to architectures `qwen2` and `phi3`, and not to `llama`, whose files store the rows of q and k in another order.
They compute the same (docs/research.md): Qwen2 is Llama with biases on q, k and v, here zeros, and Phi-3 is Llama with factors that each
rotary frequency is divided by, which one with scaled frequencies needs.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from gguf import MODEL_ARCH, GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType, get_tensor_name_map
from gguf.quants import dequantize, quantize
from tokenizers import Tokenizer

from toolchain.whole_file import written_whole

SCALED_FREQUENCIES = ("linear", "llama3", "yarn")
"""Ways of transformers to scale rotary frequencies by factors that do not depend on how long a text is."""
_NAMES = {"qwen2": MODEL_ARCH.QWEN2, "phi3": MODEL_ARCH.PHI3}
_FUSED = {
    "self_attn.qkv_proj": ("self_attn.q_proj", "self_attn.k_proj", "self_attn.v_proj"),
    "mlp.gate_up_proj": ("mlp.gate_proj", "mlp.up_proj"),
}
"""What Phi-3 reads as one linear; the device core puts the adapters of these together likewise (native/crates/compose/src/fused.rs)."""
BLOCK = 32
"""Weights that share a scale in Q8_0; the columns of every matrix are a multiple of it."""


def reason_it_cannot(config: Any) -> str | None:
    """Why a model of this configuration (of the transformers library) cannot be written so; None if it can."""
    rope = config.rope_parameters
    reasons = {
        "its architecture is not one that mistral.rs reads from a GGUF file": config.model_type
        not in ("llama", "qwen2"),
        f"its rotary frequencies are scaled ({rope.get('rope_type')}), and the device core reads that of a Llama alone, if scaled by "
        f"{', '.join(SCALED_FREQUENCIES)}": _is_scaled(config)
        and (rope["rope_type"] not in SCALED_FREQUENCIES or config.model_type != "llama"),
        "only some of its dimensions are rotated": rope.get("partial_rotary_factor", 1) != 1,
        "its attention looks at a window": bool(getattr(config, "use_sliding_window", False)),
        "its heads are not hidden_size / num_attention_heads wide": _head_width(config) * config.num_attention_heads
        != config.hidden_size,
        "it has biases that Qwen2 has not": bool(
            getattr(config, "attention_bias", False) or getattr(config, "mlp_bias", False)
        ),
        "its activation is not SiLU": config.hidden_act != "silu",
        f"a width is no multiple of {BLOCK}": any(
            width % BLOCK for width in (config.hidden_size, config.intermediate_size)
        ),
    }
    return next((reason for reason, holds in reasons.items() if holds), None)


def architecture(config: Any) -> str:
    """As what a model that can be written is written."""
    return "phi3" if _is_scaled(config) else "qwen2"


def round_to_q8_0(model: torch.nn.Module) -> None:
    """Round every matrix in place to what the file will hold, so that training sees what the phone runs."""
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() == 2:
                rounded = dequantize(_q8_0(parameter.numpy()), GGMLQuantizationType.Q8_0)
                parameter.copy_(torch.from_numpy(rounded))


def write_gguf(
    path: Path, name: str, model: Any, tokenizer: Tokenizer, special: Mapping[str, int], positions: int
) -> None:
    """Write the weights of a rounded model, and the tokenizer's vocabulary without its merges.

    `special` are the ids of `bos` and `eos`; `positions` are the tokens that a prompt and its answer may have.
    """
    config = model.config
    with written_whole(path) as partial:
        writer = GGUFWriter(partial, architecture(config))
        writer.add_name(name)
        writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
        writer.add_quantization_version(2)
        writer.add_vocab_size(config.vocab_size)
        writer.add_context_length(_context_length(config, positions))
        writer.add_embedding_length(config.hidden_size)
        writer.add_block_count(config.num_hidden_layers)
        writer.add_feed_forward_length(config.intermediate_size)
        writer.add_head_count(config.num_attention_heads)
        writer.add_head_count_kv(config.num_key_value_heads)
        writer.add_layer_norm_rms_eps(config.rms_norm_eps)
        writer.add_rope_freq_base(config.rope_parameters["rope_theta"])
        if _is_scaled(config):
            _add_frequencies(writer, model)
        _add_vocabulary(writer, tokenizer, special)
        for tensor_name, values in _tensors(model):
            if values.ndim == 2:
                writer.add_tensor(tensor_name, _q8_0(values), raw_dtype=GGMLQuantizationType.Q8_0)
            else:
                writer.add_tensor(tensor_name, values)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()


def _tensors(model: Any) -> list[tuple[str, np.ndarray[Any, Any]]]:
    config = model.config
    state = {key: tensor.numpy() for key, tensor in model.state_dict().items()}
    if config.tie_word_embeddings:
        del state["lm_head.weight"]
    adapt = _fuse if _is_scaled(config) else _add_biases
    for layer in range(config.num_hidden_layers):
        adapt(state, f"model.layers.{layer}")
    names = get_tensor_name_map(_NAMES[architecture(config)], config.num_hidden_layers)
    return [(names.get_name(key, try_suffixes=(".weight", ".bias")), values) for key, values in state.items()]


def _add_biases(state: dict[str, np.ndarray[Any, Any]], layer: str) -> None:
    for part in ("q_proj", "k_proj", "v_proj"):
        linear = f"{layer}.self_attn.{part}"
        state.setdefault(f"{linear}.bias", np.zeros(len(state[f"{linear}.weight"]), np.float32))


def _fuse(state: dict[str, np.ndarray[Any, Any]], layer: str) -> None:
    """The engine would put together itself what lies apart, in memory that is not the file's."""
    for linear, parts in _FUSED.items():
        weights = [state.pop(f"{layer}.{part}.weight") for part in parts]
        state[f"{layer}.{linear}.weight"] = np.concatenate(weights)


def _is_scaled(config: Any) -> bool:
    return bool(config.rope_parameters.get("rope_type", "default") != "default")


def _context_length(config: Any, positions: int) -> int:
    """For how many positions the engine makes its tables: where frequencies are scaled, four, which take 64 MiB for 131,072 positions.
    They are scaled for texts longer than any here, so that the length before that is enough."""
    whole = int(config.max_position_embeddings)
    unscaled = config.rope_parameters.get("original_max_position_embeddings") or whole
    return min(whole, max(int(unscaled), positions))


def _add_frequencies(writer: GGUFWriter, model: Any) -> None:
    """Phi-3 has factors for short and for long texts: here the same."""
    rotary = model.model.rotary_emb
    width = _head_width(model.config)
    unscaled = model.config.rope_parameters["rope_theta"] ** -(np.arange(0, width, 2, dtype=np.float64) / width)
    factors = (unscaled / rotary.inv_freq.double().numpy()).astype(np.float32)
    for name in ("rope_factors_short.weight", "rope_factors_long.weight"):
        writer.add_tensor(name, factors)
    writer.add_rope_dimension_count(width)
    writer.add_rope_scaling_attn_factors(rotary.attention_scaling)


def _add_vocabulary(writer: GGUFWriter, tokenizer: Tokenizer, special: Mapping[str, int]) -> None:
    added = tokenizer.get_added_tokens_decoder()
    count = tokenizer.get_vocab_size(with_added_tokens=True)
    writer.add_tokenizer_model("gpt2")
    writer.add_token_list([tokenizer.id_to_token(index) for index in range(count)])
    writer.add_token_types([TokenType.CONTROL if index in added else TokenType.NORMAL for index in range(count)])
    writer.add_bos_token_id(special["bos"])
    writer.add_eos_token_id(special["eos"])


def _head_width(config: Any) -> int:
    return int(getattr(config, "head_dim", None) or config.hidden_size // config.num_attention_heads)


def _q8_0(matrix: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    return quantize(matrix.astype(np.float32), GGMLQuantizationType.Q8_0)  # type: ignore[no-any-return]
