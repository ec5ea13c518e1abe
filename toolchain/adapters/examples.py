"""Tokenised training examples and length-bucketed batches."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from toolchain.base_model.load import LoadedBase
from toolchain.base_model.prompt import encode_turn
from toolchain.data.pairs import Pair
from toolchain.errors import ToolchainError
from toolchain.text import TextError, encode_target

_BUCKET_BATCHES = 8
_SENTENCE_ENDS = frozenset(".!?…")
_REMEDIES = {"prompt-too-long": ": import the base with a larger --max-prompt-tokens"}
"""By what is wrong with a record; else the record may go. A prompt that does not fit without its input fits no record."""


@dataclass(frozen=True)
class SoftTarget:
    """What a teacher would write at each of n target tokens: its k likeliest tokens, int64 [n, k], and their probabilities, float32 [n, k]."""

    tokens: NDArray[np.int64]
    probabilities: NDArray[np.float32]


@dataclass(frozen=True)
class Example:
    """Prompt ids (BOS included) and target ids (EOS included); `soft` when the target is distilled as well.

    `weights`: float32 [target], how much each target token counts in the loss; None: all alike.
    """

    prompt: list[int]
    target: list[int]
    soft: SoftTarget | None = None
    weights: NDArray[np.float32] | None = None

    @property
    def length(self) -> int:
        """Tokens in all."""
        return len(self.prompt) + len(self.target)


@dataclass(frozen=True)
class Batch:
    """ids: int64 [batch, length], right-padded; is_target: bool [batch, length], true where ids is part of a target.

    When every example has a soft target: their tokens and probabilities, [target tokens, k], in the order of `ids[is_target]`. When
    every example has weights: theirs, float32 [target tokens], in the same order.
    """

    ids: torch.Tensor
    is_target: torch.Tensor
    soft_tokens: torch.Tensor | None = None
    soft_probabilities: torch.Tensor | None = None
    weights: torch.Tensor | None = None

    def to(self, device: torch.device) -> "Batch":
        """The same batch on a device."""
        optional = (self.soft_tokens, self.soft_probabilities, self.weights)
        moved = (None if item is None else item.to(device) for item in optional)
        return Batch(self.ids.to(device), self.is_target.to(device), *moved)


def weighted_ends(base: LoadedBase, examples: Sequence[Example], end_weight: float) -> list[Example]:
    """The examples, with `end_weight` in place of 1 for each target token that ends a sentence or the answer.

    A loss that weighs these tokens by w has its optimum where their logits are lower by -log w: greedy decoding takes an end wherever
    it is the likeliest single token, though what goes on is likelier in sum, so that answers come out shorter than what was learned.
    """

    @cache
    def ends(token: int) -> bool:
        text = base.tokenizer.decode([token]).strip()
        return token in base.specification.eos_token_ids or (text != "" and _SENTENCE_ENDS.issuperset(text))

    return [
        replace(example, weights=np.array([end_weight if ends(token) else 1 for token in example.target], np.float32))
        for example in examples
    ]


def encode_pairs(base: LoadedBase, template: str, pairs: Sequence[Pair]) -> list[Example]:
    """Encode pairs by text/1, exactly as the device will at inference.

    Raises:
        ToolchainError: a pair cannot become a prompt; named by its id, its text stays private.
    """
    return [_encode(base, template, pair) for pair in pairs]


def _encode(base: LoadedBase, template: str, pair: Pair) -> Example:
    spec = base.specification
    try:
        prompt = encode_turn(base.tokenizer, spec, template, pair.source, pair.reply_speaker)
    except TextError as error:
        remedy = _REMEDIES.get(error.kind, ", or leave the record out")
        raise ToolchainError(f"record {pair.id!r} cannot be trained on ({error.kind}): {error}{remedy}") from None
    return Example(prompt.ids, encode_target(base.tokenizer, spec.eos_token_ids[0], pair.target))


def collate(examples: Sequence[Example]) -> Batch:
    """Pad on the right: with causal attention no real position sees a pad, so no mask is needed."""
    longest = max(example.length for example in examples)
    ids = torch.zeros(len(examples), longest, dtype=torch.long)
    is_target = torch.zeros(len(examples), longest, dtype=torch.bool)
    for row, example in enumerate(examples):
        ids[row, : example.length] = torch.tensor(example.prompt + example.target)
        is_target[row, len(example.prompt) : example.length] = True
    soft = [example.soft for example in examples]
    return Batch(
        ids,
        is_target,
        _concatenated([item.tokens if item else None for item in soft]),
        _concatenated([item.probabilities if item else None for item in soft]),
        _concatenated([example.weights for example in examples]),
    )


def _concatenated(parts: Sequence[NDArray[Any] | None]) -> torch.Tensor | None:
    """All parts, or None where one is missing."""
    there = [part for part in parts if part is not None]
    return torch.from_numpy(np.concatenate(there)) if len(there) == len(parts) else None


def batch_indices(lengths: Sequence[int], batch_size: int, epoch: int, seed: int) -> list[list[int]]:
    """One epoch of batches of similar length, in an order that depends on (seed, epoch) alone."""
    order = random.Random(f"{seed}/{epoch}")
    indices = list(range(len(lengths)))
    order.shuffle(indices)
    pool = batch_size * _BUCKET_BATCHES
    batches = []
    for start in range(0, len(indices), pool):
        bucket = sorted(indices[start : start + pool], key=lambda index: lengths[index])
        batches += [bucket[first : first + batch_size] for first in range(0, len(bucket), batch_size)]
    order.shuffle(batches)
    return batches
