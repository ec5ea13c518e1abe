"""A tiny GGUF file: a SentencePiece BPE vocabulary, metadata of many kinds, and tensors in the types that the source has."""

from pathlib import Path

from gguf import GGMLQuantizationType, GGUFWriter, LlamaFileType, TokenType
from gguf.quants import quantize

from toolchain.adapters.safetensors_file import Array

USER_DEFINED = ("[multimodal]", "<b>", "\n", "\n\n", "  ")
# Each made of two others; the earlier is merged first. Ids are in another order than scores.
MERGED = ("ab", "cd", "▁a", "abc", "bcd", "▁ab", "abcd", "aa", "▁abc", "ba", "d▁")
CHARACTERS = ("▁", "a", "b", "c", "d", "é", "e")

VOCABULARY: tuple[tuple[str, float, TokenType], ...] = (
    ("<pad>", 0.0, TokenType.CONTROL),
    ("<eos>", 0.0, TokenType.CONTROL),
    ("<bos>", 0.0, TokenType.CONTROL),
    ("<unk>", 0.0, TokenType.UNKNOWN),
    *((piece, 0.0, TokenType.USER_DEFINED) for piece in USER_DEFINED),
    *((f"<0x{byte:02X}>", 0.0, TokenType.BYTE) for byte in range(256)),
    *((piece, -float(MERGED.index(piece)), TokenType.NORMAL) for piece in sorted(MERGED)),
    *((piece, -100.0 - rank, TokenType.NORMAL) for rank, piece in enumerate(CHARACTERS)),
)
QUANTISED = {
    "blk.0.attn_q.weight": GGMLQuantizationType.Q5_0,
    "blk.0.ffn_up.weight": GGMLQuantizationType.Q4_0,
    "blk.1.attn_q.weight": GGMLQuantizationType.Q8_0,
    "token_embd.weight": GGMLQuantizationType.F16,
}


def write_gguf(path: Path, weights: Array) -> None:
    """Write `weights` [rows, a multiple of 32] once in every type of `QUANTISED`, and its first row as a float32 norm."""
    writer = GGUFWriter(path, "gemma3")
    writer.add_name("tiny")
    writer.add_file_type(LlamaFileType.MOSTLY_Q5_0)
    writer.add_quantization_version(2)
    writer.add_context_length(512)
    writer.add_layer_norm_rms_eps(1e-6)
    writer.add_add_bos_token(True)
    writer.add_array("general.languages", ["en", "es"])
    writer.add_tokenizer_model("llama")
    writer.add_token_list([piece for piece, _, _ in VOCABULARY])
    writer.add_token_scores([score for _, score, _ in VOCABULARY])
    writer.add_token_types([kind for _, _, kind in VOCABULARY])
    for special, add in (
        ("<bos>", writer.add_bos_token_id),
        ("<eos>", writer.add_eos_token_id),
        ("<pad>", writer.add_pad_token_id),
        ("<unk>", writer.add_unk_token_id),
    ):
        add(next(index for index, entry in enumerate(VOCABULARY) if entry[0] == special))
    for name, kind in QUANTISED.items():
        writer.add_tensor(name, quantize(weights, kind), raw_dtype=kind)
    writer.add_tensor("output_norm.weight", weights[0].copy())
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
