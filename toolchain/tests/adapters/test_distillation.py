"""Distillation: soft targets are the teacher's own distributions, and mix with the hard loss as stated."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain import paths
from toolchain.adapters.distillation import with_soft_targets
from toolchain.adapters.examples import Example, SoftTarget, collate, encode_pairs
from toolchain.adapters.files import read_adapter
from toolchain.adapters.training import target_loss
from toolchain.base_model.load import LoadedBase
from toolchain.data.benchmark import Split
from toolchain.data.pairs import composition_pairs
from toolchain.errors import ToolchainError
from toolchain.generation.generate import adapter_applied
from toolchain.tasks import TASKS, Composition
from toolchain.tests.tiny import BOS, SPECIFICATION
from toolchain.text import encode_prompt

COMPOSITION = Composition.parse("summarize+es")
SHARES = st.floats(0, 1)


def _soft(example: Example, seed: int) -> Example:
    random = np.random.default_rng(seed)
    shape = len(example.target), 5
    tokens = np.stack([random.permutation(250)[:5] for _ in example.target]).astype(np.int64)
    return replace(example, soft=SoftTarget(tokens, random.dirichlet(np.ones(5), shape[0]).astype(np.float32)))


def test_soft_targets_are_what_the_adapter_says_after_the_intermediate_text(base: LoadedBase, assets: Path) -> None:
    pairs = composition_pairs(COMPOSITION, Split.VALIDATION)[:3]
    examples = encode_pairs(base, COMPOSITION.prompt, pairs)
    soft = with_soft_targets(base, TASKS["es"], pairs, examples, lambda _line: None)
    with adapter_applied(base.model, read_adapter(paths.ADAPTERS / "es")), torch.no_grad():
        for pair, example in zip(pairs, soft, strict=True):
            assert pair.intermediate is not None
            limit = SPECIFICATION.max_prompt_tokens
            prompt = encode_prompt(base.tokenizer, BOS, TASKS["es"].prompt, pair.intermediate, limit).ids
            ids = torch.tensor([prompt + example.target])
            expected = base.model(input_ids=ids).logits[0, len(prompt) - 1 : -1].softmax(-1)
            assert example.soft is not None
            found = torch.from_numpy(example.soft.probabilities)
            at = expected.gather(1, torch.from_numpy(example.soft.tokens))
            torch.testing.assert_close(found, at, rtol=1e-4, atol=1e-6)
            assert (found[:, 0] >= expected.max(-1).values - 1e-5).all()


def test_a_pair_without_an_intermediate_text_cannot_be_distilled(base: LoadedBase, assets: Path) -> None:
    (pair, *_) = composition_pairs(COMPOSITION, Split.VALIDATION)
    pair = replace(pair, intermediate=None)
    examples = encode_pairs(base, COMPOSITION.prompt, [pair])
    with pytest.raises(ToolchainError, match=pair.id):
        with_soft_targets(base, TASKS["es"], [pair], examples, lambda _line: None)


@settings(max_examples=15)
@given(share=SHARES, seed=st.integers(0, 1000))
def test_the_loss_is_linear_in_the_share(base_once: LoadedBase, share: float, seed: int) -> None:
    batch = collate([_soft(Example([2, 10, 11], [20, 30, 1]), seed), _soft(Example([2, 9], [21, 1]), seed + 1)])
    with torch.no_grad():
        hard, mixed, soft = (target_loss(base_once.model, batch, value).item() for value in (0.0, share, 1.0))
    assert mixed == pytest.approx((1 - share) * hard + share * soft, rel=1e-4)


def test_a_soft_target_that_is_sure_is_the_hard_one(base_once: LoadedBase) -> None:
    example = Example([2, 10, 11], [20, 30, 1])
    sure = SoftTarget(np.array(example.target, dtype=np.int64)[:, None], np.ones((3, 1), dtype=np.float32))
    batch = collate([replace(example, soft=sure)])
    with torch.no_grad():
        hard, soft = (target_loss(base_once.model, batch, share).item() for share in (0.0, 1.0))
    assert soft == pytest.approx(hard, rel=1e-5)


def test_without_soft_targets_the_share_changes_nothing(base_once: LoadedBase) -> None:
    batch = collate([Example([2, 10, 11], [20, 30, 1]), _soft(Example([2, 9], [21, 1]), 0)])
    with torch.no_grad():
        assert target_loss(base_once.model, batch, 0.5) == target_loss(base_once.model, batch)
