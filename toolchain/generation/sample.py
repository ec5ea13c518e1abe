"""Samples: answers whose tokens are drawn, each as likely as the model finds it but for the unlikeliest, instead of taking the likeliest."""

from collections.abc import Sequence
from functools import partial

import torch

from toolchain.base_model.load import LoadedBase
from toolchain.generation.generate import continuations

LEAST_LIKELY = 10.0
"""Nats below the likeliest token of a row, at the temperature, from which on none is drawn: going through the whole vocabulary would take as
long as the model does."""


def sample_ids(
    base: LoadedBase, prompts: Sequence[list[int]], copies: int, temperature: float
) -> list[list[list[int]]]:
    """`copies` answers to each prompt, EOS included where one ends so, with PyTorch's global random state.

    Unlike a greedy answer, one may repeat itself: what is learned from it must see that.
    """
    limit = base.specification.max_new_tokens
    drawn = continuations(base, prompts, limit, partial(_drawn, temperature), copies)
    return [drawn[first : first + copies] for first in range(0, len(drawn), copies)]


def _drawn(temperature: float, logits: torch.Tensor, _answers: Sequence[list[int]]) -> list[int]:
    """A token for each row of logits [rows, vocabulary], by softmax(logits / temperature) over those that are likely enough: the one with the
    largest logit / temperature + Gumbel noise."""
    highest = logits.amax(-1, keepdim=True)
    rows, tokens = (logits >= highest - LEAST_LIKELY * temperature).nonzero(as_tuple=True)
    scores = logits[rows, tokens].float() / temperature
    scores = scores - torch.empty_like(scores).exponential_().log()
    best = torch.full((len(logits),), -torch.inf).scatter_reduce(0, rows, scores, "amax")
    chosen = torch.zeros(len(logits), dtype=torch.long)
    is_best = scores == best[rows]
    chosen[rows[is_best]] = tokens[is_best]
    return chosen.tolist()
