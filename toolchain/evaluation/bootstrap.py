"""Percentile bootstrap over conversations (Efron & Tibshirani 1993, section 13.3), paired where two methods are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 5000
_Numbers = np.ndarray[Any, np.dtype[np.float64]]
_MOST_ZEROS = 0.01
"""The share of resamples whose denominator may be 0: they lie beyond the interval's upper end."""


@dataclass(frozen=True)
class Interval:
    """A statistic with its 95 % bootstrap interval."""

    value: float
    low: float
    high: float


def bootstrap(
    values: Sequence[float], statistic: Callable[..., Any], seed: int, resamples: int = RESAMPLES
) -> Interval:
    """Interval of `statistic` (np.mean, np.median: a function of an array and an axis)."""
    array = np.asarray(values, dtype=np.float64)
    low, high = np.percentile(statistic(array[_resamples(len(array), seed, resamples)], axis=1), [2.5, 97.5])
    return Interval(float(statistic(array)), float(low), float(high))


def bootstrap_mean(
    values: Sequence[float], seed: int, resamples: int = RESAMPLES, conversations: Sequence[str] | None = None
) -> Interval:
    """Interval of a mean. `conversations` names that of each value: those of one are drawn together; without it each value is drawn alone."""
    sums, counts = _sums(values, conversations), _sums([1.0] * len(values), conversations)
    drawn = _resamples(len(sums), seed, resamples)
    return _interval(sums, counts, sums[drawn].sum(axis=1) / counts[drawn].sum(axis=1))


def bootstrap_ratio(
    numerators: Sequence[float],
    denominators: Sequence[float],
    seed: int,
    resamples: int = RESAMPLES,
    conversations: Sequence[str] | None = None,
) -> Interval | None:
    """Paired interval of mean(numerators) / mean(denominators): the same items are drawn on both sides, by `conversations` as of a mean.

    None where the denominators are so often 0 that it has no upper end.
    """
    top, bottom = _sums(numerators, conversations), _sums(denominators, conversations)
    drawn = _resamples(len(top), seed, resamples)
    below = bottom[drawn].sum(axis=1)
    if (below <= 0).mean() > _MOST_ZEROS:
        return None
    return _interval(top, bottom, top[drawn].sum(axis=1) / np.maximum(below, 1e-12))


def _sums(values: Sequence[float], conversations: Sequence[str] | None) -> _Numbers:
    """The sum over each conversation, in the order of their first values (Davison & Hinkley 1997, section 3.8: whole groups are resampled)."""
    array = np.asarray(values, dtype=np.float64)
    if conversations is None:
        return array
    places = {name: place for place, name in enumerate(dict.fromkeys(conversations))}
    sums = np.zeros(len(places))
    np.add.at(sums, [places[name] for name in conversations], array)
    return sums


def _interval(top: _Numbers, bottom: _Numbers, drawn: _Numbers) -> Interval:
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Interval(float(top.sum() / bottom.sum()), float(low), float(high))


def _resamples(count: int, seed: int, resamples: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(0, count, (resamples, count))
