"""Composition: one plain LoRA that adds exactly the weighted sum of its parts."""

from collections.abc import Sequence
from random import Random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.adapters.calibration_file import Calibration, Entry
from toolchain.adapters.compose import compose, delta
from toolchain.adapters.files import Adapter
from toolchain.adapters.safetensors_file import Array
from toolchain.errors import ToolchainError

D_IN, D_OUT, LAYERS = 7, 5, 3
LINEARS = tuple(f"model.layers.{layer}.self_attn.q_proj" for layer in range(LAYERS))

seeds = st.integers(0, 2**32 - 1)
weights = st.floats(-2, 2, width=32)
ranks = st.integers(1, 4)


def _random(seed: int, *shape: int) -> Array:
    return np.random.default_rng(seed).standard_normal(shape).astype(np.float16)


@st.composite
def adapters(draw: st.DrawFn, linears: Sequence[str] = LINEARS) -> Adapter:
    rank, seed = draw(ranks), draw(seeds)
    tensors = {}
    for index, linear in enumerate(linears):
        tensors[f"{linear}.lora_A"] = _random(seed + 2 * index, rank, D_IN)
        tensors[f"{linear}.lora_B"] = _random(seed + 2 * index + 1, D_OUT, rank)
    return Adapter(rank, draw(st.integers(1, 9)), tensors)


@st.composite
def weighted(draw: st.DrawFn) -> tuple[list[Adapter], list[float]]:
    parts = draw(st.lists(adapters(), min_size=1, max_size=3))
    return parts, [draw(weights) for _ in parts]


@st.composite
def calibrations(draw: st.DrawFn, tasks: int | None = None) -> Calibration:
    """LC, LC++ or both, over all layers or over two ranges, with learned weights if `tasks` is given."""
    kinds = draw(st.sampled_from(("p", "P", "pP")))
    cut = draw(st.integers(0, LAYERS - 1))
    ranges = [(0, cut), (cut + 1, LAYERS - 1)] if cut < LAYERS - 1 else [(0, LAYERS - 1)]
    seed = draw(seeds)
    entries = tuple(
        Entry(
            first,
            last,
            "q_proj",
            p1=_random(seed + first, 2, D_IN) if "P" in kinds else None,
            p2=_random(seed + first + 1, D_OUT, 2) if "P" in kinds else None,
            p=_random(seed + first + 2, D_OUT) if "p" in kinds else None,
            weights=np.array([draw(weights) for _ in range(tasks)], np.float32) if tasks else None,
        )
        for first, last in ranges
    )
    return Calibration("any", "any", "0" * 64, {}, entries)


def _close(found: Array, expected: Array, parts: Sequence[Array]) -> None:
    """Equal but for the rounding of each B to fp16: half an ulp, 2^-11, of every product that is summed."""
    budget = sum(np.abs(part) for part in parts) if parts else np.zeros_like(expected)
    np.testing.assert_array_less(np.abs(found - expected), budget * 2.0**-10 + 1e-4)


def _size(adapter: Adapter, linear: str) -> Array:
    """|s|·|B|·|A|: what rounding errors of B are in proportion to."""
    a = np.abs(adapter.tensors[f"{linear}.lora_A"].astype(np.float32))
    b = np.abs(adapter.tensors[f"{linear}.lora_B"].astype(np.float32))
    return adapter.scale * (b @ a)


def _correction(entry: Entry) -> Array:
    total = np.zeros((D_OUT, D_IN), np.float32)
    if entry.p1 is not None and entry.p2 is not None:
        total += entry.p2.astype(np.float32) @ entry.p1.astype(np.float32)
    if entry.p is not None:
        total += entry.p.astype(np.float32)[:, None]
    return total


@given(weighted())
def test_the_delta_is_the_weighted_sum_of_the_deltas(case: tuple[list[Adapter], list[float]]) -> None:
    parts, factors = case
    composed = compose(parts, factors)
    for linear in LINEARS:
        expected = sum(w * delta(part, linear) for w, part in zip(factors, parts, strict=True))
        _close(
            delta(composed, linear),
            np.asarray(expected),
            [abs(w) * _size(part, linear) for w, part in zip(factors, parts, strict=True)],
        )


@given(weighted(), calibrations())
def test_a_calibration_adds_its_correction(case: tuple[list[Adapter], list[float]], calibration: Calibration) -> None:
    parts, factors = case
    merged, composed = compose(parts, factors), compose(parts, factors, calibration)
    for layer, linear in enumerate(LINEARS):
        (entry,) = calibration.find(layer, "q_proj")
        np.testing.assert_allclose(
            delta(composed, linear), delta(merged, linear) + _correction(entry), rtol=1e-4, atol=1e-3
        )


@given(st.data(), st.lists(adapters(), min_size=1, max_size=3))
def test_learned_weights_replace_the_given_ones(data: st.DataObject, parts: list[Adapter]) -> None:
    calibration = data.draw(calibrations(tasks=len(parts)))
    composed = compose(parts, [17.0] * len(parts), calibration)
    for layer, linear in enumerate(LINEARS):
        (entry,) = calibration.find(layer, "q_proj")
        assert entry.weights is not None
        merged = compose(parts, [float(weight) for weight in entry.weights])
        np.testing.assert_allclose(
            delta(composed, linear), delta(merged, linear) + _correction(entry), rtol=1e-4, atol=1e-3
        )


@given(adapters(), adapters(), seeds)
def test_a_weight_for_each_rank_scales_that_direction(first: Adapter, second: Adapter, seed: int) -> None:
    rank = min(first.rank, second.rank)
    parts = [_cut(part, rank) for part in (first, second)]
    table = np.random.default_rng(seed).uniform(-1, 1, (2, rank)).astype(np.float32)
    calibration = Calibration("any", "any", "", {}, (Entry(0, LAYERS - 1, "q_proj", weights=table),))
    composed = compose(parts, [0.5, 0.5], calibration)
    for linear in LINEARS:
        expected = np.zeros((D_OUT, D_IN))
        for part, row in zip(parts, table, strict=True):
            b = part.tensors[f"{linear}.lora_B"].astype(np.float32) * row
            expected += part.scale * (b @ part.tensors[f"{linear}.lora_A"].astype(np.float32))
        _close(delta(composed, linear), expected, [_size(part, linear) for part in parts])


@pytest.mark.parametrize("rank", [1, 3])
def test_weights_for_directions_of_another_rank_are_refused(rank: int) -> None:
    parts = [
        Adapter(4, 4, {f"{LINEARS[0]}.lora_A": _random(0, 4, D_IN), f"{LINEARS[0]}.lora_B": _random(1, D_OUT, 4)})
    ] * 2
    entry = Entry(0, 0, "q_proj", weights=np.ones((2, rank), np.float32))
    with pytest.raises(ToolchainError, match=f"q_proj: .* merge weights are for adapters of rank {rank}, .* rank 4"):
        compose(parts, [0.5, 0.5], Calibration("any", "any", "", {}, (entry,)))


def _cut(adapter: Adapter, rank: int) -> Adapter:
    tensors = {
        name: tensor[:rank] if name.endswith("lora_A") else tensor[:, :rank] for name, tensor in adapter.tensors.items()
    }
    return Adapter(rank, adapter.alpha, tensors)


@given(adapters(), adapters())
def test_weights_one_and_zero_choose_an_adapter(first: Adapter, second: Adapter) -> None:
    composed = compose([first, second], [1.0, 0.0])
    for linear in LINEARS:
        _close(delta(composed, linear), delta(first, linear), [_size(first, linear)])


@given(adapters(), st.integers(1, 3))
def test_the_mean_of_equal_adapters_is_the_adapter(adapter: Adapter, count: int) -> None:
    composed = compose([adapter] * count, [1 / count] * count)
    for linear in LINEARS:
        _close(delta(composed, linear), delta(adapter, linear), [_size(adapter, linear)])


@given(weighted(), st.randoms(use_true_random=False))
def test_the_order_of_adapters_only_permutes_rows(case: tuple[list[Adapter], list[float]], shuffle: Random) -> None:
    parts, factors = case
    order = list(range(len(parts)))
    shuffle.shuffle(order)
    straight = compose(parts, factors)
    permuted = compose([parts[index] for index in order], [factors[index] for index in order])
    starts = np.cumsum([0, *(part.rank for part in parts)])
    rows = np.concatenate([np.arange(starts[index], starts[index + 1]) for index in order])
    for linear in LINEARS:
        a, b = f"{linear}.lora_A", f"{linear}.lora_B"
        np.testing.assert_array_equal(permuted.tensors[a], straight.tensors[a][rows])
        np.testing.assert_array_equal(permuted.tensors[b], straight.tensors[b][:, rows])


@given(weighted(), st.one_of(st.none(), calibrations()))
def test_the_result_is_a_plain_fp16_lora_of_scale_one(
    case: tuple[list[Adapter], list[float]], calibration: Calibration | None
) -> None:
    parts, factors = case
    composed = compose(parts, factors, calibration)
    extra = 0
    if calibration:
        entry = calibration.entries[0]
        extra = (2 if entry.p1 is not None else 0) + (1 if entry.p is not None else 0)
    assert composed.scale == 1
    assert composed.rank == sum(part.rank for part in parts) + extra
    for linear in LINEARS:
        a, b = composed.tensors[f"{linear}.lora_A"], composed.tensors[f"{linear}.lora_B"]
        assert (a.shape, b.shape) == ((composed.rank, D_IN), (D_OUT, composed.rank))
        assert a.dtype == b.dtype == np.float16


@given(adapters(), st.floats(-2, 2, width=32))
def test_b_is_rounded_once_to_the_nearest_fp16(adapter: Adapter, weight: float) -> None:
    composed = compose([adapter], [weight])
    factor = np.float32(weight) * np.float32(adapter.scale)
    for linear in LINEARS:
        products = adapter.tensors[f"{linear}.lora_B"].astype(np.float32) * factor
        np.testing.assert_array_equal(composed.tensors[f"{linear}.lora_B"], products.astype(np.float16))
        np.testing.assert_array_equal(composed.tensors[f"{linear}.lora_A"], adapter.tensors[f"{linear}.lora_A"])


@given(adapters(), adapters(linears=("model.layers.0.mlp.up_proj",)), weights, weights)
def test_an_adapter_without_a_linear_adds_no_rows_there(
    everywhere: Adapter, elsewhere: Adapter, first: float, second: float
) -> None:
    if everywhere.rank == elsewhere.rank:
        composed = compose([everywhere, elsewhere], [first, second])
        assert composed.rank == everywhere.rank
        assert set(composed.linears) == set(everywhere.linears) | set(elsewhere.linears)
    else:
        with pytest.raises(ToolchainError, match="single rank"):
            compose([everywhere, elsewhere], [first, second])


@given(weighted(), st.integers(0, 5))
def test_weights_and_adapters_come_in_equal_numbers(case: tuple[list[Adapter], list[float]], count: int) -> None:
    parts, _ = case
    if count != len(parts):
        with pytest.raises(ToolchainError, match=f"{len(parts)} adapters"):
            compose(parts, [0.5] * count)


@pytest.mark.parametrize("linear", ["lm_head", f"model.layers.{'9' * 5000}.self_attn.q_proj"])
def test_a_linear_outside_the_layers_is_refused_by_name(linear: str) -> None:
    tensors = {f"{linear}.lora_A": _random(0, 1, D_IN), f"{linear}.lora_B": _random(1, D_OUT, 1)}
    with pytest.raises(ToolchainError, match=f"{linear} is not in a numbered layer"):
        compose([Adapter(1, 1, tensors)], [1.0])


@given(adapters(), st.integers(0, LAYERS - 2), seeds)
def test_low_rank_rows_come_before_the_vectors_row_whatever_their_ranges(adapter: Adapter, cut: int, seed: int) -> None:
    pair = [
        Entry(first, last, "q_proj", p1=_random(seed + first, 2, D_IN), p2=_random(seed + first + 1, D_OUT, 2))
        for first, last in ((0, cut), (cut + 1, LAYERS - 1))
    ]
    p = _random(seed, D_OUT)
    vector = Entry(0, LAYERS - 1, "q_proj", p=p)
    for entries in ((vector, *pair), (*pair, vector)):
        composed = compose([adapter], [1], Calibration("", "", "", {}, entries))
        for linear in LINEARS:
            assert np.array_equal(composed.tensors[f"{linear}.lora_A"][-1], np.ones(D_IN))
            assert np.array_equal(composed.tensors[f"{linear}.lora_B"][:, -1], p)
