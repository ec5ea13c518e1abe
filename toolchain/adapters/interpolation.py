"""LC++I: a point between the merge, the calibration of the composition alone (LC++) and the one that its main task shares (LC++S).

A calibration learns its few conversations by heart. What lies between it and the merge that it started from answers others better
(WiSE-FT, arXiv 2109.01903), and so does the mean of calibrations that started from the same random P1 (model soups, arXiv 2203.05482).
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from toolchain.adapters.calibration_file import Calibration, Entry
from toolchain.adapters.corrections import CalibrationMethod
from toolchain.adapters.safetensors_file import Array
from toolchain.errors import ToolchainError

METHOD = CalibrationMethod.LC_PLUS_PLUS_I
_ONE_START = 0.5
"""Least cosine of two P1 that started alike; it stays above 0.7 in training, and of two seeds' it is about 0."""


@dataclass(frozen=True)
class Point:
    """`own`: the share of LC++ beside LC++S; `strength`: what P2 is multiplied by, 0 being the merge."""

    own: float
    strength: float


POINTS = tuple(Point(own, strength) for own in (1.0, 0.5, 0.0) for strength in (1.0, 0.7))


def interpolate(own: Calibration, shared: Calibration, point: Point) -> Calibration:
    """P1 = o P1_own + (1 - o) P1_shared, P2 = s (o P2_own + (1 - o) P2_shared), with o and s of the point.

    Raises:
        ToolchainError: the two are of other compositions, bases, adapters or linears, or did not start from the same P1.
    """
    if _belongs_to(own) != _belongs_to(shared):
        raise ToolchainError(
            f"{own.composition}: {own.method} and {shared.method} are not of the same base, adapters and linears: train both anew"
        )
    entries = tuple(_between(a, b, point) for a, b in zip(own.entries, shared.entries, strict=True))
    return replace(own, method=METHOD, entries=entries)


def _belongs_to(calibration: Calibration) -> tuple[Any, ...]:
    layouts = [entry.layout for entry in calibration.entries]
    return calibration.composition, calibration.made_for, calibration.adapter_sha256, layouts


def _between(own: Entry, shared: Entry, point: Point) -> Entry:
    if own.p1 is None or own.p2 is None or shared.p1 is None or shared.p2 is None:
        raise ToolchainError(f"{own.module}: only calibrations of P1 and P2 can be interpolated")
    if _cosine(own.p1, shared.p1) < _ONE_START:
        raise ToolchainError(
            f"P1 of {own.module}: the two calibrations did not start from the same one: train both with one seed"
        )
    return replace(own, p1=_mean(own.p1, shared.p1, point.own), p2=point.strength * _mean(own.p2, shared.p2, point.own))


def _cosine(one: Array, other: Array) -> float:
    a, b = one.astype(np.float32).ravel(), other.astype(np.float32).ravel()
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def _mean(one: Array, other: Array, share: float) -> Array:
    return share * one.astype(np.float32) + (1 - share) * other.astype(np.float32)
