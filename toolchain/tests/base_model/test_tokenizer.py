"""The tokenizer written from a GGUF vocabulary encodes as SentencePiece's BPE does."""

import itertools
from pathlib import Path

import numpy as np
import pytest
from gguf import TokenType
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer

from toolchain.base_model.tokenizer import load_tokenizer, write_tokenizer
from toolchain.tests.strategies import texts
from toolchain.tests.tiny_gguf import CHARACTERS, MERGED, USER_DEFINED, VOCABULARY, write_gguf

IDS = {piece: index for index, (piece, _, _) in enumerate(VOCABULARY)}
SCORES = {piece: score for piece, score, kind in VOCABULARY if kind == TokenType.NORMAL}
SPECIAL = {index for index, (_, _, kind) in enumerate(VOCABULARY) if kind in (TokenType.CONTROL, TokenType.UNKNOWN)}
OWN_TOKENS = sorted((piece for piece in USER_DEFINED if piece != "[multimodal]"), key=len, reverse=True)

spelled = st.lists(
    st.sampled_from(("a", "b", "c", "d", "ab", "abc", " ", "  ", "\n", "\n\n\n", "<b>", "é", "👋", "x", "<eos>")),
    max_size=12,
).map("".join)


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tokenizer")
    write_gguf(folder / "tiny.gguf", np.ones((1, 32), np.float32))
    write_tokenizer(folder / "tiny.gguf", folder / "tokenizer.json")
    return folder / "tokenizer.json"


@pytest.fixture(scope="module")
def tokenizer(file: Path) -> Tokenizer:
    return load_tokenizer(file, "make it anew")


def _ids(tokenizer: Tokenizer, text: str) -> list[int]:
    return tokenizer.encode(text, add_special_tokens=False).ids


def _sentencepiece(text: str) -> list[int]:
    """SentencePiece's BPE in the plainest form: own tokens first, then the best-scored neighbours merge, then bytes."""
    for token in OWN_TOKENS:
        if token in text:
            before, after = text.split(token, 1)
            return [*_sentencepiece(before), IDS[token], *_sentencepiece(after)]
    symbols = list(text.replace(" ", "▁"))
    while True:
        candidates = [
            (-SCORES[one + other], index)
            for index, (one, other) in enumerate(itertools.pairwise(symbols))
            if one + other in SCORES
        ]
        if not candidates:
            break
        _, index = min(candidates)
        symbols[index : index + 2] = [symbols[index] + symbols[index + 1]]
    ids = []
    for symbol in symbols:
        ids += [IDS[symbol]] if symbol in SCORES else [IDS[f"<0x{byte:02X}>"] for byte in symbol.encode()]
    return ids


@given(text=spelled)
def test_it_encodes_as_sentencepiece_does(tokenizer: Tokenizer, text: str) -> None:
    assert _ids(tokenizer, text) == _sentencepiece(text)


@given(text=texts.filter(lambda text: "▁" not in text))
def test_what_is_decoded_is_what_was_encoded(tokenizer: Tokenizer, text: str) -> None:
    assert tokenizer.decode(_ids(tokenizer, text), skip_special_tokens=True) == text


@given(
    text=st.lists(st.sampled_from(("<eos>", "<bos>", "<pad>", "<unk>", "[multimodal]", "a")), max_size=6).map("".join)
)
def test_special_tokens_in_a_text_are_text(tokenizer: Tokenizer, text: str) -> None:
    ids = _ids(tokenizer, text)
    assert not SPECIAL & set(ids)
    assert IDS["[multimodal]"] not in ids
    assert tokenizer.decode(ids, skip_special_tokens=True) == text


def test_every_piece_keeps_its_id(tokenizer: Tokenizer) -> None:
    assert tokenizer.get_vocab_size(with_added_tokens=True) == len(VOCABULARY)
    assert all(tokenizer.token_to_id(piece) == index for piece, index in IDS.items())
    for piece in (*MERGED, *CHARACTERS):
        assert _ids(tokenizer, piece.replace("▁", " ")) == [IDS[piece]]


def test_no_prefix_and_no_special_token_is_added(tokenizer: Tokenizer) -> None:
    assert tokenizer.encode("a").ids == [IDS["a"]]
    assert _ids(tokenizer, "") == []


def test_the_same_vocabulary_has_the_same_file(tmp_path: Path, file: Path) -> None:
    write_tokenizer(file.parent / "tiny.gguf", tmp_path / "tokenizer.json")
    assert (tmp_path / "tokenizer.json").read_bytes() == file.read_bytes()
