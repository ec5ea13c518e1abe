"""Bootstrap intervals: where they lie, and what they are paired on."""

from math import comb

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolchain.evaluation.bootstrap import Interval, bootstrap_mean, bootstrap_ratio

scores = st.lists(st.floats(0, 1), min_size=1, max_size=20)
positive = st.lists(st.floats(0.01, 1), min_size=1, max_size=20)
seeds = st.integers(0, 2**31)
conversations = st.lists(st.tuples(st.integers(0, 5), st.floats(0.01, 1)), min_size=1, max_size=20)
RESAMPLES = 500


@given(scores, seeds)
def test_an_interval_holds_its_mean_and_lies_within_the_values(values: list[float], seed: int) -> None:
    found = bootstrap_mean(values, seed, RESAMPLES)
    assert found.value == pytest.approx(sum(values) / len(values))
    assert min(values) - 1e-9 <= found.low <= found.value + 1e-9
    assert found.value - 1e-9 <= found.high <= max(values) + 1e-9


@given(st.integers(1, 12), st.integers(1, 12))
def test_an_interval_leaves_out_a_fortieth_of_the_draws_at_each_end(zeros: int, ones: int) -> None:
    """Drawn as often as there are values, the ones are binomially distributed; where an end lies is known to half a percent."""
    count = zeros + ones
    chances = [comb(count, k) * ones**k * zeros ** (count - k) / count**count for k in range(count + 1)]
    values = [0.0] * zeros + [1.0] * ones
    ratio = bootstrap_ratio(values, [1.0] * count, seed=0)
    assert ratio == bootstrap_mean(values, seed=0)
    low, high = (round(end * count) for end in (ratio.low, ratio.high))
    for below, up_to in (
        (sum(chances[:low]), sum(chances[: low + 1])),
        (sum(chances[high + 1 :]), sum(chances[high:])),
    ):
        assert below <= 0.03
        assert up_to >= 0.02


@given(scores, seeds)
def test_an_interval_depends_on_the_seed_alone(values: list[float], seed: int) -> None:
    assert bootstrap_mean(values, seed, RESAMPLES) == bootstrap_mean(values, seed, RESAMPLES)


@given(positive, seeds)
def test_the_ratio_of_a_thing_to_itself_is_one(values: list[float], seed: int) -> None:
    found = bootstrap_ratio(values, values, seed, RESAMPLES)
    assert found
    assert (found.value, found.low, found.high) == (1, 1, 1)


@given(positive, st.floats(0.1, 10), seeds)
def test_a_ratio_is_paired(values: list[float], factor: float, seed: int) -> None:
    # Drawn apart, the same values would give a wide interval; drawn together, the factor stands alone.
    found = bootstrap_ratio([factor * value for value in values], values, seed, RESAMPLES)
    assert found
    assert (found.value, found.low, found.high) == pytest.approx((factor, factor, factor))


@given(st.lists(st.tuples(st.floats(0.01, 1), st.floats(0.01, 1)), min_size=1, max_size=20), seeds)
def test_a_ratio_lies_within_the_ratios_of_the_pairs(pairs: list[tuple[float, float]], seed: int) -> None:
    found = bootstrap_ratio([top for top, _ in pairs], [bottom for _, bottom in pairs], seed, RESAMPLES)
    assert found
    ratios = [top / bottom for top, bottom in pairs]
    assert min(ratios) - 1e-9 <= found.low <= found.high <= max(ratios) + 1e-9
    assert found.value == pytest.approx(sum(top for top, _ in pairs) / sum(bottom for _, bottom in pairs))


@given(positive, st.integers(1, 40), seeds)
def test_a_ratio_to_what_is_often_0_has_no_upper_end_and_is_none(values: list[float], zeros: int, seed: int) -> None:
    bottom = [*values, *[0.0] * zeros]
    found = bootstrap_ratio([1.0] * len(bottom), bottom, seed, RESAMPLES)
    assert found is None or found.high <= 1 / (min(values) / len(bottom)), "one that is not 0 in each resample"
    if (zeros / len(bottom)) ** len(bottom) > 0.1:  # How often a resample holds zeros alone.
        assert found is None


@given(st.floats(0, 1), st.integers(1, 20), seeds)
def test_equal_values_leave_no_doubt(value: float, count: int, seed: int) -> None:
    found = bootstrap_mean([value] * count, seed, RESAMPLES)
    assert (found.low, found.value, found.high) == pytest.approx((value, value, value))


@given(positive, seeds)
def test_conversations_of_one_text_each_are_drawn_as_texts_are(values: list[float], seed: int) -> None:
    ids, bottom = [str(-place) for place in range(len(values))], values[::-1]
    assert bootstrap_mean(values, seed, RESAMPLES, ids) == bootstrap_mean(values, seed, RESAMPLES)
    assert bootstrap_ratio(values, bottom, seed, RESAMPLES, ids) == bootstrap_ratio(values, bottom, seed, RESAMPLES)


@given(positive, st.integers(2, 4), seeds)
def test_texts_that_say_what_their_conversation_has_said_tell_nothing_new(
    values: list[float], times: int, seed: int
) -> None:
    ids = [str(place) for _ in range(times) for place in range(len(values))]
    mean, ratio = bootstrap_mean(values, seed, RESAMPLES), bootstrap_ratio(values, values[::-1], seed, RESAMPLES)
    assert ratio
    several = bootstrap_mean(values * times, seed, RESAMPLES, ids)
    assert (several.value, several.low, several.high) == pytest.approx((mean.value, mean.low, mean.high))
    several_ratio = bootstrap_ratio(values * times, values[::-1] * times, seed, RESAMPLES, ids)
    assert several_ratio
    assert (several_ratio.low, several_ratio.high) == pytest.approx((ratio.low, ratio.high))


@given(conversations, seeds)
def test_an_interval_of_conversations_holds_the_mean_of_all_texts(texts: list[tuple[int, float]], seed: int) -> None:
    values, ids = [value for _, value in texts], [str(name) for name, _ in texts]
    found = bootstrap_mean(values, seed, RESAMPLES, ids)
    assert found.value == pytest.approx(sum(values) / len(values))
    assert min(values) - 1e-9 <= found.low <= found.high <= max(values) + 1e-9


@pytest.mark.parametrize("shared", [0, 0.5, 0.9, 1])
def test_an_interval_is_as_much_wider_as_the_texts_of_a_conversation_are_alike(shared: float) -> None:
    """With two texts whose correlation is r a mean varies as much as with (1 + r) times fewer of them (Kish 1965: the design effect)."""
    random = np.random.default_rng(0)
    own, common = random.standard_normal((400, 2)), random.standard_normal((400, 1))
    texts = np.sqrt(shared) * common + np.sqrt(1 - shared) * own + 5
    values, ids = texts.ravel().tolist(), [str(place) for place in range(400) for _ in range(2)]
    correlation = float(np.corrcoef(texts.T)[0, 1])

    def width(interval: Interval | None) -> float:
        assert interval
        return interval.high - interval.low

    wider = width(bootstrap_mean(values, 0, conversations=ids)) / width(bootstrap_mean(values, 0))
    assert wider == pytest.approx((1 + correlation) ** 0.5, rel=0.06)
    fives = [5.0] * len(values)
    assert width(bootstrap_ratio(values, fives, 0, conversations=ids)) / width(
        bootstrap_ratio(values, fives, 0)
    ) == pytest.approx(wider)
