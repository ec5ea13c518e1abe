"""Tokens that end a sentence or the answer can count less in the loss; all others count as before."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from torch.nn.functional import cross_entropy

from toolchain.adapters.examples import Example, collate, encode_pairs, weighted_ends
from toolchain.adapters.training import target_loss
from toolchain.base_model.load import LoadedBase
from toolchain.data.pairs import Pair
from toolchain.tests.tiny import SPECIFICATION, byte_tokenizer, tiny_base

TEMPLATE = "Summarize:\n\n{input}\n\nSummary:"
TARGETS = ("Ana va. Ben no!", "¿Vienes?", "a las 13.30")


def _pairs() -> list[Pair]:
    return [Pair(str(index), "Ana: hi", None, target) for index, target in enumerate(TARGETS)]


def test_the_weight_is_that_of_ends_alone(base: LoadedBase) -> None:
    examples = weighted_ends(base, encode_pairs(base, TEMPLATE, _pairs()), 0.25)
    for example in examples:
        assert example.weights is not None
        assert len(example.weights) == len(example.target)
        for token, weight in zip(example.target, example.weights, strict=True):
            text = base.tokenizer.decode([token], skip_special_tokens=True).strip()
            ends = token in SPECIFICATION.eos_token_ids or (text != "" and not set(text) - set(".!?…"))
            assert weight == (0.25 if ends else 1)
        assert example.weights[-1] == 0.25, "the answer's own end"


@pytest.mark.parametrize("piece", [" !", " …", "?!"])
def test_an_end_is_known_by_its_text_whatever_stands_for_a_space(piece: str) -> None:
    # Byte-level tokenizers write a space as "Ġ" and "…" as three signs of their own.
    spelled = [sign for sign in byte_tokenizer().encode(piece).tokens]
    merges = [("".join(spelled[: index + 1]), spelled[index + 1]) for index in range(len(spelled) - 1)]
    base = replace(tiny_base(), tokenizer=byte_tokenizer(merges))
    (token,) = base.tokenizer.encode(piece).ids
    (example,) = weighted_ends(base, [Example([2], [token, 40])], 0.25)
    assert example.weights is not None
    assert example.weights.tolist() == [0.25, 1]


@pytest.mark.parametrize("end_weight", [0.0, 0.25, 1.0])
def test_the_loss_is_the_weighted_mean_over_all_target_tokens(base: LoadedBase, end_weight: float) -> None:
    examples = weighted_ends(base, encode_pairs(base, TEMPLATE, _pairs()), end_weight)
    total, count = 0.0, 0
    for example in examples:
        logits = base.model(input_ids=torch.tensor([example.prompt + example.target])).logits[0]
        losses = cross_entropy(
            logits[len(example.prompt) - 1 : -1], torch.tensor(example.target), reduction="none"
        ).detach()
        total += float((losses.numpy() * np.asarray(example.weights)).sum())
        count += len(example.target)
    assert target_loss(base.model, collate(examples)).item() == pytest.approx(total / count, rel=1e-4)


def test_a_batch_without_weights_is_not_weighted(base: LoadedBase) -> None:
    plain = encode_pairs(base, TEMPLATE, _pairs())
    assert collate(plain).weights is None
    ones = weighted_ends(base, plain, 1.0)
    assert target_loss(base.model, collate(ones)).item() == pytest.approx(
        target_loss(base.model, collate(plain)).item(), rel=1e-6
    )
