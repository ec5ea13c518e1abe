"""text/1: prompts as ids, within the limit."""

import contextlib

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from toolchain.tests.strategies import nonempty_conversations, texts
from toolchain.tests.tiny import BOS, EOS, SPECIAL_TOKENS, byte_tokenizer
from toolchain.text import (
    Input,
    Message,
    Prompt,
    TextError,
    encode_prompt,
    encode_target,
    fill,
    normalise_conversation,
    render,
    render_prompt,
    trim,
)

TEMPLATE = "Sum up:\n{input}\nSummary:"
BYTES = byte_tokenizer()
MERGING = byte_tokenizer(merges=(("a", "a"), ("aa", "aa"), ("Ġ", "a"), ("x", "x"), ("Ċ", "x"), ("S", "u"), ("Su", "m")))
SHORTEST = len(fill(TEMPLATE, "", None)) + 1  # in tokens of BYTES, BOS included

limits = st.integers(SHORTEST - 3, SHORTEST + 60)
inputs = st.one_of(nonempty_conversations, texts.filter(lambda text: bool(trim(text))))


def _tokens(text: str) -> int:
    return 1 + len(text.encode())


def _brute_force(source: Input, limit: int) -> tuple[str, int, bool] | None:
    """What text/1 says in words: rendered prompt, left out messages, truncated; None where nothing fits."""
    if isinstance(source, str):
        prefix, end, left_out = "", source, 0
    else:
        kept = normalise_conversation(source)
        left_out = next(
            (n for n in range(len(kept)) if _tokens(fill(TEMPLATE, render(kept[n:]), None)) <= limit), len(kept) - 1
        )
        prompt = fill(TEMPLATE, render(kept[left_out:]), None)
        if _tokens(prompt) <= limit:
            return prompt, left_out, False
        prefix, end = (f"{kept[-1].speaker}: " if kept[-1].speaker else ""), kept[-1].text
    for length in range(len(end), 0, -1):
        tail = end[len(end) - length :]
        whole = length == len(end)
        prompt = fill(TEMPLATE, prefix + (tail if whole else _trimmed_at_its_start(tail)), None)
        if _tokens(prompt) <= limit:
            return prompt, left_out, not whole
    return None


def _trimmed_at_its_start(text: str) -> str:
    return text[len(text) - len(trim(text + "|")) + 1 :]


def _encode(source: Input, limit: int) -> Prompt:
    return encode_prompt(BYTES, BOS, TEMPLATE, source, limit)


@given(inputs, limits)
@example("x" * 100, SHORTEST + 10)
@example("x" * 20 + " " * 10 + "y" * 5, SHORTEST + 8)  # What is kept would begin with white space.
@example([Message("Ana", "x" * 10), Message("Ben", "y" * 10), Message("Ana", "z")], SHORTEST + 20)
@example([Message("Ana", "x" * 10), Message("Ben", "y" * 100)], SHORTEST + 20)
def test_the_bisections_find_what_a_search_finds(source: Input, limit: int) -> None:
    expected = _brute_force(source, limit)
    if expected is None:
        with pytest.raises(TextError) as refused:
            _encode(source, limit)
        assert refused.value.kind == "prompt-too-long"
        return
    text, left_out, truncated = expected
    prompt = _encode(source, limit)
    assert BYTES.decode(prompt.ids[1:], skip_special_tokens=False) == text
    assert (prompt.left_out_messages, prompt.input_truncated) == (left_out, truncated)


@given(inputs, st.integers(5, 60))
def test_a_prompt_is_never_longer_than_the_limit(source: Input, limit: int) -> None:
    # With merges, more text may have fewer tokens: bisection need not find the best, but never too much.
    with contextlib.suppress(TextError):
        assert 1 < len(encode_prompt(MERGING, BOS, TEMPLATE, source, limit).ids) <= limit


@given(inputs)
def test_with_room_enough_nothing_is_left_out(source: Input) -> None:
    prompt = encode_prompt(MERGING, BOS, TEMPLATE, source, 10_000)
    assert (prompt.left_out_messages, prompt.input_truncated) == (0, False)
    assert prompt.ids[0] == BOS
    assert MERGING.decode(prompt.ids[1:], skip_special_tokens=False) == render_prompt(TEMPLATE, source)


@given(st.lists(st.sampled_from((*SPECIAL_TOKENS, "x", "\n")), min_size=1).map("".join))
def test_special_tokens_in_users_text_are_plain_text(text: str) -> None:
    assume(trim(text))
    prompt = _encode(text, 10_000)
    assert all(token >= len(SPECIAL_TOKENS) for token in prompt.ids[1:])
    assert all(token >= len(SPECIAL_TOKENS) for token in encode_target(BYTES, EOS, text)[:-1])


@given(texts)
def test_a_target_is_encoded_apart_and_ends_with_eos(target: str) -> None:
    ids = encode_target(MERGING, EOS, target)
    assert ids[-1] == EOS
    assert MERGING.decode(ids[:-1], skip_special_tokens=False) == f" {target}"
