"""What every merge keeps to: order, weights of one and zero, equal adapters, ranks that differ, reload."""

import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from toolchain.adapters.compose import compose, delta
from toolchain.adapters.files import Adapter, linear_beyond_fp16, read_adapter, write_adapter
from toolchain.adapters.methods import (
    concat,
    dam,
    dare,
    lc_output_bias,
    linear,
    lm_cocktail,
    lorahub,
    slerp,
    task_arithmetic,
    ties,
)
from toolchain.adapters.methods.peft_merge import peft_merge
from toolchain.adapters.methods.tuned_setting import Setting
from toolchain.adapters.safetensors_file import Array
from toolchain.errors import ToolchainError
from toolchain.tests.tiny import random_adapter

Merge = Callable[[Sequence[Adapter]], Adapter]
Weights = Callable[[Sequence[Adapter], str], Sequence[float]]
"""Of adapters, on a linear."""
Weighted = Callable[[Sequence[Adapter], Sequence[float]], Adapter]


def _columns(adapters: Sequence[Adapter], weights: Sequence[float]) -> Adapter:
    shapes = {name: adapters[0].tensors[f"{name}.lora_A"].shape[1] for name in adapters[0].linears}
    columns = {
        name: np.repeat(np.array(weights, dtype=np.float32)[:, np.newaxis], d_in, axis=1)
        for name, d_in in shapes.items()
    }
    return dam.merge(adapters, columns)


def _no_bias(adapter: Adapter) -> dict[str, Array]:
    widths = {name.rsplit(".", 1)[1]: adapter.tensors[f"{name}.lora_B"].shape[0] for name in adapter.linears}
    return {module: np.zeros(width, dtype=np.float16) for module, width in widths.items()}


def _by_norm(adapters: Sequence[Adapter]) -> list[float]:
    """Such as a merge of your own may take: the larger an adapter, the less of it."""
    norms = [sum(float(np.linalg.norm(delta(adapter, name))) for name in adapter.linears) for adapter in adapters]
    return [1 / (norm * sum(1 / other for other in norms)) for norm in norms]


MERGES: dict[str, Merge] = {
    "merge": concat.merge,
    "linear": linear.merge,
    "ties": ties.merge,
    "dare": dare.merge,
    "slerp": slerp.merge,
    "task-arithmetic": task_arithmetic.merge,
    "lorahub": lambda adapters: lorahub.merge(adapters, [1 / len(adapters)] * len(adapters)),
    "lm-cocktail": lambda adapters: compose(adapters, lm_cocktail.weights_of([1.0] * len(adapters))),
    "dam": lambda adapters: _columns(adapters, [1 / len(adapters)] * len(adapters)),
    "lc-output-bias": lambda adapters: lc_output_bias.merge(adapters, _no_bias(adapters[0])),
    "by norm": lambda adapters: compose(adapters, _by_norm(adapters)),
}


def _mean(adapters: Sequence[Adapter], _linear: str) -> list[float]:
    return [1 / len(adapters)] * len(adapters)


EXACT: dict[str, Weights] = {
    "merge": _mean,
    "lm-cocktail": _mean,
    "dam": _mean,
    "lc-output-bias": _mean,
    "task-arithmetic": lambda adapters, _linear: [1.0] * len(adapters),
    "by norm": lambda adapters, _linear: _by_norm(adapters),
}
"""The weights of the deltas. Concatenations keep every direction: exact for any ranks. Merges of factors need equal ranks."""
WEIGHTED: dict[str, Weighted] = {
    "compose": compose,
    "lorahub": lorahub.merge,
    "dam": _columns,
    "peft linear": lambda adapters, weights: peft_merge(adapters, weights, "linear"),
}
seeds = st.integers(0, 1000)


def _deltas(adapter: Adapter) -> dict[str, Array]:
    return {name: delta(adapter, name) for name in adapter.linears}


def _expected(name: str, adapters: Sequence[Adapter]) -> dict[str, Array]:
    """The deltas of an exact merge."""
    deltas = [_deltas(adapter) for adapter in adapters]
    return {
        linear: np.tensordot(EXACT[name](adapters, linear), [each[linear] for each in deltas], axes=1)
        for linear in deltas[0]
    }


def _rotated(adapter: Adapter, seed: int) -> Adapter:
    """The same deltas from other factors."""
    rotation = np.linalg.qr(np.random.default_rng(seed).standard_normal((adapter.rank, adapter.rank)))[0]
    turned = {}
    for name, tensor in adapter.tensors.items():
        wide = tensor.astype(np.float64)
        turned[name] = (rotation @ wide if name.endswith("lora_A") else wide @ rotation.T).astype(np.float16)
    return replace(adapter, tensors=turned)


def _assert_same(found: Adapter, expected: dict[str, Array], tolerance: float = 2e-3) -> None:
    deltas = _deltas(found)
    assert deltas.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(deltas[name], value, atol=tolerance * max(1e-6, np.abs(value).max()), rtol=0)


@pytest.mark.parametrize("name", sorted(set(MERGES) - {"dare"}))
@settings(max_examples=5)
@given(seed=seeds)
def test_order_does_not_matter(name: str, seed: int) -> None:
    one, other = random_adapter(seed), random_adapter(seed + 1)
    _assert_same(MERGES[name]([other, one]), _deltas(MERGES[name]([one, other])))


@pytest.mark.parametrize("name", [*EXACT, "slerp", "lorahub"])
@settings(max_examples=5)
@given(seed=seeds, count=st.integers(1, 3))
def test_equal_adapters_merge_to_themselves(name: str, seed: int, count: int) -> None:
    # An exact sum to itself as often as its weights say.
    adapter = random_adapter(seed)
    expected = _expected(name, [adapter] * count) if name in EXACT else _deltas(adapter)
    _assert_same(MERGES[name]([adapter] * count), expected)


@settings(max_examples=5)
@given(seed=seeds, count=st.integers(1, 3))
def test_cross_terms_of_a_linear_merge(seed: int, count: int) -> None:
    # (Σ √(s/n) B) (Σ √(s/n) A) of n equal adapters is n times the delta: why "linear" is no mean.
    adapter = random_adapter(seed)
    expected = {name: count * value for name, value in _deltas(adapter).items()}
    _assert_same(MERGES["linear"]([adapter] * count), expected)


@pytest.mark.parametrize("name", WEIGHTED)
@settings(max_examples=5)
@given(seed=seeds, chosen=st.integers(0, 1))
def test_weights_of_one_and_zero_choose_an_adapter(name: str, seed: int, chosen: int) -> None:
    adapters = [random_adapter(seed), random_adapter(seed + 1)]
    _assert_same(WEIGHTED[name](adapters, [1.0 - chosen, float(chosen)]), _deltas(adapters[chosen]))


@pytest.mark.parametrize("name", MERGES)
def test_ranks_that_differ_are_merged_exactly_or_refused(name: str) -> None:
    adapters = [random_adapter(0, rank=2), random_adapter(1, rank=3)]
    if name not in EXACT:
        with pytest.raises(ToolchainError, match="rank"):
            MERGES[name](adapters)
        return
    _assert_same(MERGES[name](adapters), _expected(name, adapters))


@pytest.mark.parametrize("name", MERGES)
@settings(max_examples=5)
@given(seed=seeds)
def test_an_exact_merge_sees_what_an_adapter_does_and_a_merge_of_factors_how_it_is_written(
    name: str, seed: int
) -> None:
    # (B Qᵀ)(Q A) is B A for every rotation Q. docs/findings.md, "The order of methods": what this does to answers.
    one, other = random_adapter(seed), random_adapter(seed + 1)
    found, wanted = MERGES[name]([one, _rotated(other, seed)]), _deltas(MERGES[name]([one, other]))
    if name in EXACT:
        _assert_same(found, wanted, tolerance=5e-3)
        return
    deltas = _deltas(found)
    assert any(np.abs(deltas[linear] - wanted[linear]).max() > 0.1 * np.abs(wanted[linear]).max() for linear in wanted)


@pytest.mark.parametrize("name", sorted(set(MERGES) - {"lc-output-bias"}))
def test_a_merge_is_one_plain_lora_that_reads_back(name: str, tmp_path: Path) -> None:
    merged = MERGES[name]([random_adapter(0), random_adapter(1)])
    write_adapter(tmp_path, merged, "tiny")
    again = read_adapter(tmp_path)
    assert (again.scale, again.tensors.keys()) == (merged.scale, merged.tensors.keys())
    assert all(np.array_equal(again.tensors[key], tensor) for key, tensor in merged.tensors.items())


@pytest.mark.parametrize("name", MERGES)
def test_a_merge_is_the_same_each_time_and_leaves_its_adapters_alone(name: str) -> None:
    adapters = [random_adapter(0), random_adapter(1)]
    first = MERGES[name](adapters)
    second = MERGES[name](adapters)
    assert all(np.array_equal(second.tensors[key], tensor) for key, tensor in first.tensors.items())
    for adapter, seed in zip(adapters, (0, 1), strict=True):
        untouched = random_adapter(seed).tensors
        assert all(np.array_equal(adapter.tensors[key], tensor) for key, tensor in untouched.items())


# TIES elects signs before PEFT weighs the factors, by which unequal scales are not heard of.
@pytest.mark.parametrize("name", sorted(set(MERGES) - {"ties"}))
def test_what_is_scale_and_what_is_factor_does_not_matter(name: str) -> None:
    one, other = random_adapter(0), random_adapter(1)
    halves = {key: tensor / np.float16(2) for key, tensor in other.tensors.items()}
    rewritten = replace(other, alpha=4 * other.alpha, tensors=halves)
    _assert_same(MERGES[name]([one, rewritten]), _deltas(MERGES[name]([one, other])))


settings_of_peft = st.builds(Setting, density=st.floats(0.1, 0.9), weight=st.floats(0.1, 2))


@settings(max_examples=5)
@given(seed=seeds, setting=settings_of_peft)
def test_ties_keeps_the_largest_values_and_of_two_signs_the_heavier_one(seed: int, setting: Setting) -> None:
    adapter = random_adapter(seed)
    doubled = replace(adapter, tensors={key: -2 * tensor for key, tensor in adapter.tensors.items()})
    for adapters, gain in (([adapter, adapter], 1), ([adapter, doubled], -2)):
        for key, found in ties.merge(adapters, setting).tensors.items():
            tensor = adapter.tensors[key].astype(np.float32)
            kept = found != 0
            assert kept.sum() == int(setting.density * tensor.size)
            assert np.abs(tensor[kept]).min() >= np.abs(tensor[~kept]).max()
            expected = gain * np.sqrt(setting.weight * adapter.scale) * tensor[kept]
            np.testing.assert_allclose(found[kept], expected, rtol=2e-3)


@settings(max_examples=5)
@given(seed=seeds, setting=settings_of_peft)
def test_dare_drops_values_at_random_and_scales_up_the_others(seed: int, setting: Setting) -> None:
    adapter = random_adapter(seed)
    merged = dare.merge([adapter, adapter], setting)
    wholes = {
        key: tensor.astype(np.float32) * np.sqrt(setting.weight * adapter.scale) / setting.density
        for key, tensor in adapter.tensors.items()
    }
    times = np.concatenate([(merged.tensors[key] / whole).ravel() for key, whole in wholes.items()])
    np.testing.assert_allclose(times, times.round(), atol=0.02)
    shares = [(times.round() == number).mean() for number in range(3)]
    dropped, density = 1 - setting.density, setting.density
    assert shares == pytest.approx([dropped**2, 2 * dropped * density, density**2], abs=0.05)


def test_the_exact_mean_is_pefts_cat() -> None:
    adapters = [random_adapter(0, rank=2), random_adapter(1, rank=3)]
    _assert_same(concat.merge(adapters), _deltas(peft_merge(adapters, [0.5, 0.5], "cat")))


@settings(max_examples=20)
@given(seed=seeds, t=st.floats(0, 1))
def test_slerp_keeps_to_the_sphere(seed: int, t: float) -> None:
    random = np.random.default_rng(seed)
    first, second = (vector / np.linalg.norm(vector) for vector in random.standard_normal((2, 7)))
    assert np.linalg.norm(slerp.interpolate(first, second, t)) == pytest.approx(1, abs=1e-4)


@given(seed=seeds)
def test_slerp_begins_and_ends_at_its_ends(seed: int) -> None:
    first, second = np.random.default_rng(seed).standard_normal((2, 7)).astype(np.float32)
    np.testing.assert_allclose(slerp.interpolate(first, second, 0), first, atol=1e-5)
    np.testing.assert_allclose(slerp.interpolate(first, second, 1), second, atol=1e-5)


@settings(max_examples=5)
@given(seed=seeds)
def test_slerp_of_parallel_adapters_is_the_mean_of_their_factors(seed: int) -> None:
    adapter = random_adapter(seed)
    multiples = [
        replace(adapter, tensors={key: times * tensor for key, tensor in adapter.tensors.items()})
        for times in (1, 2, 3)
    ]
    _assert_same(slerp.merge(multiples), _deltas(multiples[1]))


@given(st.lists(st.floats(0, 20), min_size=1, max_size=5))
def test_cocktail_weights_sum_to_one_and_prefer_the_lower_loss(losses: list[float]) -> None:
    weights = lm_cocktail.weights_of(losses)
    assert sum(weights) == pytest.approx(1)
    order = np.argsort(losses, kind="stable")
    assert all(weights[a] >= weights[b] for a, b in pairwise(order))


@pytest.mark.parametrize("name", MERGES)
def test_what_fp16_does_not_hold_is_found_and_warns_of_nothing(name: str) -> None:
    large = [replace(random_adapter(seed), alpha=1e16) for seed in (1, 2)]
    with warnings.catch_warnings():
        warnings.simplefilter("error", RuntimeWarning)
        merged = MERGES[name](large)
    assert linear_beyond_fp16(merged)


@pytest.mark.parametrize("name", ["linear", "ties", "dare", "slerp"])
def test_adapters_on_other_linears_are_refused(name: str) -> None:
    adapter = random_adapter(1)
    some = replace(adapter, tensors={key: tensor for key, tensor in adapter.tensors.items() if "mlp" not in key})
    for adapters in ([adapter, some], [some, adapter]):
        with pytest.raises(ToolchainError, match=r"on the same linears, not all are on .*mlp"):
            MERGES[name](adapters)
