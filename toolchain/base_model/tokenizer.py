"""One tokenizer.json for both sides, built from the vocabulary inside the GGUF file.

Gemma's vocabulary is a SentencePiece BPE: a merge's priority is the score of the piece that it makes. Converters that read it as a
Unigram model give other ids for ordinary text; `perplexity.py` shows such a mistake at once.
"""

from collections.abc import Iterator
from pathlib import Path

from gguf import GGUFReader, TokenType
from tokenizers import AddedToken, Tokenizer, decoders, normalizers, pre_tokenizers
from tokenizers.models import BPE

from toolchain.errors import ToolchainError, on_one_line
from toolchain.whole_file import write_text_whole

_NEVER_MERGED = {TokenType.CONTROL, TokenType.BYTE, TokenType.USER_DEFINED, TokenType.UNKNOWN}
_SPECIAL = {TokenType.CONTROL, TokenType.UNKNOWN}


def write_tokenizer(gguf_file: Path, target: Path) -> None:
    """Write the tokenizer.json of `gguf_file` (tokenizer model "llama", a SentencePiece BPE with byte fallback)."""
    reader = GGUFReader(gguf_file)
    pieces: list[str] = reader.fields["tokenizer.ggml.tokens"].contents()
    types = [TokenType(kind) for kind in reader.fields["tokenizer.ggml.token_type"].contents()]
    scores: list[float] = reader.fields["tokenizer.ggml.scores"].contents()

    vocabulary = {piece: index for index, piece in enumerate(pieces)}
    mergeable = {
        piece: score for piece, score, kind in zip(pieces, scores, types, strict=True) if kind not in _NEVER_MERGED
    }
    tokenizer = Tokenizer(
        BPE(
            vocab=vocabulary,
            merges=list(_merges(mergeable, vocabulary)),
            unk_token=pieces[reader.fields["tokenizer.ggml.unknown_token_id"].contents()],
            fuse_unk=True,
            byte_fallback=True,
        )
    )
    tokenizer.normalizer = normalizers.Replace(" ", "▁")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(pattern=" ", behavior="merged_with_previous")
    tokenizer.decoder = decoders.Sequence([decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse()])
    tokenizer.add_tokens(
        [
            AddedToken(piece, normalized=False, special=kind in _SPECIAL)
            for piece, kind in zip(pieces, types, strict=True)
            if kind in _SPECIAL or (kind == TokenType.USER_DEFINED and not _is_placeholder(piece))
        ]
    )
    write_text_whole(target, tokenizer.to_str())


def load_tokenizer(path: Path, remedy: str) -> Tokenizer:
    """Load a tokenizer that encodes special tokens in a text as plain text (text/1).

    Raises:
        ToolchainError: as `read_tokenizer`.
    """
    tokenizer = read_tokenizer(path, remedy)
    tokenizer.encode_special_tokens = True
    return tokenizer


def read_tokenizer(path: Path, remedy: str) -> Tokenizer:
    """Read a tokenizer.json; what it encodes is neither cut nor filled up, though some are saved with the limits of a training.

    Raises:
        ToolchainError: it is damaged.
    """
    try:
        tokenizer = Tokenizer.from_file(str(path))
    except Exception as error:  # The library raises nothing more specific.
        raise ToolchainError(f"{path} is no tokenizer ({on_one_line(error)}): {remedy}") from None
    tokenizer.no_truncation()
    tokenizer.no_padding()
    return tokenizer


def _is_placeholder(piece: str) -> bool:
    """`[multimodal]` stands for an image: in a text it is plain text."""
    return piece == "[multimodal]"


def _merges(scores: dict[str, float], vocabulary: dict[str, int]) -> Iterator[tuple[str, str]]:
    """Every way to make a piece out of two others, best piece first; ties as in SentencePiece's converter."""
    for piece in sorted(scores, key=lambda made: (-scores[made], vocabulary[made])):
        splits = [
            (piece[:cut], piece[cut:])
            for cut in range(1, len(piece))
            if piece[:cut] in scores and piece[cut:] in scores
        ]
        yield from sorted(splits, key=lambda pair: (vocabulary[pair[0]], vocabulary[pair[1]]))
