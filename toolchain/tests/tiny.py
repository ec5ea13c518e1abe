"""A tiny base: a random Gemma 3 of three layers, a tokenizer of bytes, and random adapters for it."""

from collections.abc import Sequence

import numpy as np
import torch
from tokenizers import AddedToken, Tokenizer, decoders, pre_tokenizers
from tokenizers.models import BPE
from transformers import Gemma3ForCausalLM, Gemma3TextConfig

from toolchain.adapters.files import Adapter
from toolchain.adapters.linears import adapted_linears
from toolchain.adapters.safetensors_file import Array
from toolchain.base_model.load import LoadedBase
from toolchain.base_model.specification import BaseSpecification

PAD, EOS, BOS = 0, 1, 2
SPECIAL_TOKENS = ("<pad>", "<eos>", "<bos>")

SPECIFICATION = BaseSpecification(
    name="tiny",
    architecture="gemma3",
    packages=(),
    source_file="tiny-f32.gguf",
    source_sha256="0" * 64,
    file="tiny-q8_0.gguf",
    sha256="1" * 64,
    tokenizer_sha256="2" * 64,
    bos_token_id=BOS,
    eos_token_ids=(EOS,),
    max_prompt_tokens=160,
    max_new_tokens=12,
    terms_file="TERMS.html",
    notice_file="NOTICE.md",
)


def byte_tokenizer(merges: Sequence[tuple[str, str]] = ()) -> Tokenizer:
    """One token for each byte of UTF-8, and for each merge; without merges a longer text never has fewer tokens."""
    pieces = [*SPECIAL_TOKENS, *sorted(pre_tokenizers.ByteLevel.alphabet()), *("".join(merge) for merge in merges)]
    tokenizer = Tokenizer(BPE(vocab={piece: index for index, piece in enumerate(pieces)}, merges=list(merges)))
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(piece, special=True, normalized=False) for piece in SPECIAL_TOKENS])
    tokenizer.encode_special_tokens = True
    return tokenizer


def tiny_model(seed: int = 0, layers: int = 3) -> Gemma3ForCausalLM:
    """A frozen random model whose weights are wide enough that logits, and so greedy choices, are far apart."""
    torch.manual_seed(seed)
    config = Gemma3TextConfig(
        vocab_size=len(SPECIAL_TOKENS) + 256,
        hidden_size=32,
        intermediate_size=48,
        num_hidden_layers=layers,
        num_attention_heads=2,
        num_key_value_heads=1,
        head_dim=16,
        sliding_window=64,
        layer_types=["sliding_attention"] * (layers - 1) + ["full_attention"],
        max_position_embeddings=512,
        initializer_range=0.3,
        tie_word_embeddings=False,  # Tied random weights say each token again and again.
        pad_token_id=PAD,
        eos_token_id=EOS,
        bos_token_id=BOS,
    )
    model = Gemma3ForCausalLM(config)
    model.requires_grad_(requires_grad=False)
    return model.eval()


def tiny_base(seed: int = 0) -> LoadedBase:
    """The whole base."""
    return LoadedBase(SPECIFICATION, tiny_model(seed), byte_tokenizer())


def random_adapter(seed: int, rank: int = 2, alpha: float = 4, size: float = 0.1, layers: int = 3) -> Adapter:
    """A random fp16 LoRA on all linears of the tiny model; `size` is the spread of its factors."""
    random = np.random.default_rng(seed)

    def normal(*shape: int) -> Array:
        return (random.standard_normal(shape) * size).astype(np.float16)

    tensors: dict[str, Array] = {}
    for name, linear in adapted_linears(tiny_model(layers=layers)):
        tensors[f"{name}.lora_A"] = normal(rank, linear.in_features)
        tensors[f"{name}.lora_B"] = normal(linear.out_features, rank)
    return Adapter(rank, alpha, tensors)


def logits(base: LoadedBase, ids: Sequence[int]) -> torch.Tensor:
    """Logits [length, vocabulary] of one sequence."""
    with torch.no_grad():
        output = base.model(input_ids=torch.tensor([list(ids)]), use_cache=False)
    return output.logits[0]  # type: ignore[no-any-return]


def silent(_line: str) -> None:
    """Progress that nobody reads."""
