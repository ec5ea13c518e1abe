"""Samples are drawn by the model's own distribution, from prompts that are read once."""

import torch

from toolchain.base_model.load import LoadedBase
from toolchain.generation.generate import generate_ids
from toolchain.generation.sample import sample_ids
from toolchain.tests.tiny import BOS, EOS, SPECIFICATION, logits

PROMPTS = [[BOS, 50, 61, 72], [BOS, *range(40, 120)], [BOS, 99]]
LIMIT = SPECIFICATION.max_new_tokens


def _without_end(answer: list[int]) -> list[int]:
    return answer[:-1] if answer[-1] == EOS else answer


def test_at_hardly_any_temperature_every_sample_is_the_greedy_answer(base: LoadedBase) -> None:
    greedy = generate_ids(base, PROMPTS, LIMIT)
    for answer, samples in zip(greedy, sample_ids(base, PROMPTS, 3, 1e-4), strict=True):
        assert [_without_end(sample) for sample in samples] == [answer] * 3


def test_tokens_come_as_often_as_they_are_likely(base: LoadedBase) -> None:
    torch.manual_seed(0)
    times, temperature = 4000, 3.0
    prompt = PROMPTS[0]
    expected = (logits(base, prompt)[-1] / temperature).softmax(-1)
    drawn = [sample[0] for samples in sample_ids(base, [prompt] * 8, times // 8, temperature) for sample in samples]
    found = torch.bincount(torch.tensor(drawn), minlength=len(expected)) / times
    # Five standard deviations of the share of the likeliest tokens.
    assert ((found - expected).abs() < 5 * (expected * (1 - expected) / times).sqrt() + 1e-3).all()


def test_samples_of_a_prompt_differ_and_the_same_state_draws_the_same(base: LoadedBase) -> None:
    drawn = []
    for _ in range(2):
        torch.manual_seed(1)
        drawn.append(sample_ids(base, PROMPTS, 4, 3.0))
    assert drawn[0] == drawn[1]
    assert all(len({tuple(sample) for sample in samples}) > 1 for samples in drawn[0])
    assert all(0 < len(sample) <= LIMIT for samples in drawn[0] for sample in samples)
