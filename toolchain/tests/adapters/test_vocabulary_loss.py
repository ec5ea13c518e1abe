"""Log probabilities slice by slice are those of all logits at once, and so are their gradients."""

from collections.abc import Iterator

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from toolchain.adapters import vocabulary_loss
from toolchain.adapters.vocabulary_loss import log_probabilities

WIDTH = 16


@pytest.fixture(autouse=True, scope="module")
def small_slices() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(vocabulary_loss, "SLICE", 8)
        yield


def _head(vocabulary: int, seed: int, size: float = 1.0) -> torch.nn.Linear:
    head = torch.nn.Linear(WIDTH, vocabulary, bias=False).requires_grad_(requires_grad=False)
    weight = torch.randn(head.weight.shape, generator=torch.Generator().manual_seed(seed)) * size
    head.weight.copy_(weight)
    return head


def _whole(head: torch.nn.Linear, hidden: torch.Tensor, tokens: torch.Tensor) -> torch.Tensor:
    return head(hidden).float().log_softmax(-1).gather(1, tokens)  # type: ignore[no-any-return]


@given(
    st.integers(1, 30),
    st.integers(1, 5),
    st.integers(1, 3),
    st.integers(0, 1000),
    st.sampled_from([0.01, 1.0, 100.0]),
)
def test_slices_give_values_and_gradients_of_the_whole(
    vocabulary: int, rows: int, asked: int, seed: int, size: float
) -> None:
    random = torch.Generator().manual_seed(seed)
    head = _head(vocabulary, seed, size)
    tokens = torch.randint(vocabulary, (rows, asked), generator=random)
    start, outer = torch.randn(rows, WIDTH, generator=random), torch.randn(rows, asked, generator=random)
    found = []
    for way in (_whole, log_probabilities):
        hidden = start.clone().requires_grad_()
        values = way(head, hidden, tokens)
        (values * outer).sum().backward()  # type: ignore[no-untyped-call]
        found.append((values.detach(), hidden.grad))
    (values, gradient), (sliced, sliced_gradient) = found
    assert gradient is not None
    torch.testing.assert_close(sliced, values, rtol=1e-4, atol=1e-4 * max(1, size))
    torch.testing.assert_close(sliced_gradient, gradient, rtol=1e-3, atol=1e-4 * max(1, size))


def test_logits_that_no_exponential_holds_are_none_the_worse() -> None:
    head, hidden = _head(20, seed=1, size=1e4), torch.ones(2, WIDTH)
    tokens = head(hidden).argmax(-1, keepdim=True)
    assert log_probabilities(head, hidden, tokens).tolist() == [[0.0], [0.0]]


def test_under_autocast_products_are_in_its_dtype_and_sums_in_float32() -> None:
    head, hidden = _head(20, seed=2), torch.randn(4, WIDTH, generator=torch.Generator().manual_seed(3))
    tokens = torch.arange(4)[:, None]
    exact = _whole(head, hidden, tokens)
    with torch.autocast("cpu", torch.bfloat16):
        halved = log_probabilities(head, hidden.requires_grad_(), tokens)
        halved.sum().backward()  # type: ignore[no-untyped-call]
    assert halved.dtype == torch.float32
    assert hidden.grad is not None
    assert hidden.grad.dtype == torch.float32
    torch.testing.assert_close(halved, exact, rtol=0.02, atol=0.05)
    assert not torch.allclose(halved, exact, rtol=0, atol=1e-6)


def test_nothing_is_kept_of_the_vocabulary() -> None:
    head, hidden = _head(400, seed=4), torch.randn(3, WIDTH, requires_grad=True)
    kept: list[int] = []

    def keep(tensor: torch.Tensor) -> torch.Tensor:
        kept.append(tensor.numel())
        return tensor

    with torch.autograd.graph.saved_tensors_hooks(keep, lambda tensor: tensor):
        log_probabilities(head, hidden, torch.zeros(3, 1, dtype=torch.long))
    assert max(kept) < 3 * 400
