"""Rounded activations: within half a step, block by block, and no obstacle to gradients."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from toolchain.adapters.corrections import CalibratedLinear, SharedPair
from toolchain.adapters.quantised_activations import LARGE_BLOCK, SMALL_BLOCK, quantise_activations, rounded
from toolchain.base_model.load import LoadedBase
from toolchain.tests.tiny import logits, tiny_base

IDS = [2, 50, 61, 72, 83]


@given(st.integers(0, 1000), st.sampled_from([SMALL_BLOCK, LARGE_BLOCK]), st.sampled_from([1e-4, 1.0, 300.0]))
def test_each_value_is_within_half_a_step_of_its_block(seed: int, block: int, size: float) -> None:
    x = torch.randn(2, 3, 2 * block, generator=torch.Generator().manual_seed(seed)) * size
    step = x.reshape(2, 3, 2, block).abs().amax(-1, keepdim=True) / 127
    found = rounded(x, block).reshape(2, 3, 2, block)
    assert ((found - x.reshape(found.shape)).abs() <= step * 0.5001).all()
    torch.testing.assert_close(found / step, (found / step).round(), atol=1e-3, rtol=0)


def test_a_block_does_not_hear_of_another() -> None:
    x = torch.linspace(-1, 1, SMALL_BLOCK)
    loud = torch.cat([x, x * 1e6])
    assert torch.equal(rounded(loud, SMALL_BLOCK)[:SMALL_BLOCK], rounded(x, SMALL_BLOCK))
    assert torch.equal(rounded(torch.zeros(SMALL_BLOCK), SMALL_BLOCK), torch.zeros(SMALL_BLOCK))


@pytest.mark.parametrize("length", [SMALL_BLOCK, LARGE_BLOCK])
def test_a_linear_reads_rounded_input_and_a_correction_the_exact_one(length: int) -> None:
    torch.manual_seed(0)
    linear, x = nn.Linear(length, 4, bias=False), torch.randn(3, length, requires_grad=True)
    correction = SharedPair(length, 4)
    nn.init.normal_(correction.p2)
    calibrated = CalibratedLinear(linear, [correction])
    quantise_activations(calibrated)
    y = calibrated(x)
    assert torch.allclose(y, rounded(x, length) @ linear.weight.T + correction(x), atol=1e-5)
    assert not torch.allclose(y, x @ linear.weight.T + correction(x), atol=1e-5)
    y.sum().backward()
    assert x.grad is not None
    exact = linear.weight.sum(0) + (correction.p2 @ correction.p1).sum(0)
    assert torch.allclose(x.grad, exact.expand_as(x.grad), atol=1e-5)


def test_a_model_answers_a_little_differently(base: LoadedBase) -> None:
    before = logits(base, IDS)
    quantise_activations(base.model)
    assert 0 < (logits(base, IDS) - before).abs().max() < 0.5 * before.abs().max()


def test_the_head_reads_rounded_input(base: LoadedBase) -> None:
    quantise_activations(base.model)
    read = base.model.model(input_ids=torch.tensor([IDS])).last_hidden_state
    block = SMALL_BLOCK if read.shape[-1] % LARGE_BLOCK else LARGE_BLOCK
    torch.testing.assert_close(read, rounded(read, block))
    exact = tiny_base().model.model(input_ids=torch.tensor([IDS])).last_hidden_state
    assert not torch.allclose(exact, rounded(exact, block), atol=1e-5)


def test_a_head_whose_width_is_no_multiple_of_a_block_reads_what_it_is_given() -> None:
    model, x = nn.Module(), torch.randn(3, SMALL_BLOCK + 4)
    model.model, model.lm_head = nn.Module(), nn.Linear(SMALL_BLOCK + 4, 5)
    model.model.norm = nn.Identity()
    quantise_activations(model)
    assert torch.equal(model.model.norm(x), x)
