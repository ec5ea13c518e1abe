"""Answers that share their prompt's row are computed as if each had a row of its own."""

import random
from functools import cache
from typing import Any

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.adapters.packed_answers import predicting_states
from toolchain.tests.tiny import tiny_model
from toolchain.tests.tiny_bases import SHAPES, tiny

KINDS = ["gemma3", *SHAPES]
WINDOW = 64
"""Of the tiny Gemma's sliding layers."""
lengths = st.lists(
    st.tuples(st.integers(1, 2 * WINDOW), st.lists(st.integers(1, WINDOW), min_size=1, max_size=4)),
    min_size=1,
    max_size=3,
)


@cache
def _model(kind: str) -> Any:
    return tiny_model() if kind == "gemma3" else tiny(kind)


def _tokens(count: int, drawn: random.Random) -> list[int]:
    return [drawn.randrange(3, 259) for _ in range(count)]


def _alone(model: Any, prompt: list[int], answer: list[int]) -> torch.Tensor:
    hidden = model.model(input_ids=torch.tensor([prompt + answer]), use_cache=False).last_hidden_state[0]
    return hidden[len(prompt) - 1 : -1]  # type: ignore[no-any-return]


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=15)
@given(lengths, st.integers(0, 1000))
def test_each_answer_sees_its_prompt_and_itself_alone(kind: str, sizes: list[tuple[int, list[int]]], seed: int) -> None:
    drawn = random.Random(seed)
    prompts = [_tokens(length, drawn) for length, _ in sizes]
    answers = [[_tokens(length, drawn) for length in of_prompt] for _, of_prompt in sizes]
    model = _model(kind)
    with torch.no_grad():
        packed = predicting_states(model, prompts, answers)
        alone = [
            _alone(model, prompt, answer) for prompt, given in zip(prompts, answers, strict=True) for answer in given
        ]
    torch.testing.assert_close(packed, torch.cat(alone), rtol=1e-3, atol=1e-3)
