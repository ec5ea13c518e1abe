"""Percentile bootstrap over conversations (Efron & Tibshirani 1993, section 13.3), paired where two methods are compared."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

RESAMPLES = 5000
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


def bootstrap_mean(values: Sequence[float], seed: int, resamples: int = RESAMPLES) -> Interval:
    """Interval of a mean."""
    return bootstrap(values, np.mean, seed, resamples)


def bootstrap_ratio(
    numerators: Sequence[float], denominators: Sequence[float], seed: int, resamples: int = RESAMPLES
) -> Interval | None:
    """Paired interval of mean(numerators) / mean(denominators): the same items are drawn on both sides.

    None where the denominators are so often 0 that it has no upper end.
    """
    top, bottom = np.asarray(numerators, dtype=np.float64), np.asarray(denominators, dtype=np.float64)
    drawn = _resamples(len(top), seed, resamples)
    below = bottom[drawn].mean(axis=1)
    if (below <= 0).mean() > _MOST_ZEROS:
        return None
    low, high = np.percentile(top[drawn].mean(axis=1) / np.maximum(below, 1e-12), [2.5, 97.5])
    return Interval(float(top.mean() / bottom.mean()), float(low), float(high))


def _resamples(count: int, seed: int, resamples: int) -> np.ndarray[Any, np.dtype[np.int64]]:
    return np.random.default_rng(seed).integers(0, count, (resamples, count))
