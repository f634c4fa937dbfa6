"""Corrections of formulas: fitted to what a formula leaves unexplained, and kept only where left-out points say that it helps.

How far errors reach, which divisor tells values apart and how much of an error is noise are those that predict each point best
from all others, for which regression with a kernel has a closed form.

Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equation 5.12 (leave-one-out).
"""

from collections.abc import Sequence
from itertools import product
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import NORMAL_MEDIAN, SMALLEST, sharpness
from blackthorn.fitting.joint import JointFit, Points
from blackthorn.fitting.leaving_out import parts, rmspe
from blackthorn.formulas.correction import NO_DIVISOR, Correction, nearness, places

Floats = NDArray[np.float64]

LENGTHS = (1.0, 2.0, 4.0, 8.0)
"""Octaves over which errors may stay alike: fewer is noise, more a constant factor, which the formula has."""
DIVISORS = (NO_DIVISOR, 4, 8, 16, 32)
"""Blocks that runtimes work in."""
SIGNAL_TO_NOISE = (0.25, 1.0, 4.0, 16.0)
"""Variance of what is explained over that of noise."""
FEWEST_POINTS = 10
"""Of fewer, errors left out say little about whether a correction helps."""
MOST_POINTS = 512
"""Of more, which are full sweeps along a line, a formula needs no help, and solving for them takes seconds."""
WEIGHT_DIGITS = 6
"""Digits after the point of what is stored: a millionth of a factor."""
FAR_OFF = 4.0
"""Errors beyond so many standard deviations count as so many: outliers are not to be learnt."""
HELPS = 0.95
"""A correction is kept where left-out errors shrink at least to this share of the formula's own."""


class Manner(NamedTuple):
    """How a correction is fitted: see `Correction`; `ratio` is the variance of what is explained over that of noise."""

    divisor: int
    length: float
    ratio: float


class Corrected(NamedTuple):
    """A correction, and the signed relative errors of formula and correction together at points left out, shape (n,)."""

    correction: Correction
    residuals: Floats


def corrected(points: Points, fit: JointFit, residuals: Floats) -> Corrected | None:
    """The correction of a formula, where it helps.

    Args:
        points: what the formula was fitted to.
        fit: the formula.
        residuals: its own signed relative errors at points left out.
    """
    if not FEWEST_POINTS <= len(points) <= MOST_POINTS:
        return None
    names = _independent(points)
    manner = _best_manner(points, fit, names)
    errors = np.empty(len(points))
    for left_out, trained in parts(points, fit):
        held, rest = points.where(left_out), points.where(~left_out)
        factor = _fitted(rest, trained, names, manner, 0.0).factor(held.dimensions)
        errors[left_out] = factor * trained.predict(held.dimensions) / held.seconds - 1.0
    sharp = sharpness(points.seconds)
    without = rmspe(residuals * sharp)
    if rmspe(errors * sharp) > HELPS * without:
        return None
    return Corrected(_fitted(points, fit, names, manner, rmspe(residuals)), errors)


def _independent(points: Points) -> tuple[str, ...]:
    """The dimensions that differ between the points, without those that repeat another one (width = height)."""
    kept: dict[bytes, str] = {}
    for name in points.free():
        if np.ptp(points.dimensions[name]) > 0.0:
            kept.setdefault(points.dimensions[name].tobytes(), name)
    return tuple(kept.values())


class _Errors(NamedTuple):
    """What a formula leaves unexplained: logarithms of measured over predicted, and the standard deviations' inverses."""

    logarithms: Floats
    certainty: Floats


def _unexplained(points: Points, fit: JointFit) -> _Errors:
    logarithms = np.log(points.seconds / np.maximum(fit.predict(points.dimensions), SMALLEST))
    limit = FAR_OFF * NORMAL_MEDIAN * float(np.median(np.abs(logarithms)))
    return _Errors(np.clip(logarithms, -limit, limit), np.sqrt(points.weights) * sharpness(points.seconds))


def _shared(points: Points, names: Sequence[str], divisor: int, length: float, certainty: Floats) -> Floats:
    """Covariance of what errors have in common, in units of their noise, at a ratio of 1; shape (n, n)."""
    known = places([points.dimensions[name] for name in names], divisor)
    covariance: Floats = nearness(known, known, length) * np.outer(certainty, certainty)
    return covariance


def _best_manner(points: Points, fit: JointFit, names: Sequence[str]) -> Manner:
    """That by which every error is best predicted from all others: the mean square of what is left, in units of noise."""
    errors = _unexplained(points, fit)
    target = errors.certainty * errors.logarithms
    left: dict[Manner, float] = {}
    for divisor, length in product(DIVISORS, LENGTHS):
        values, vectors = np.linalg.eigh(_shared(points, names, divisor, length, errors.certainty))
        turned = vectors.T @ target
        for ratio in SIGNAL_TO_NOISE:
            shrunk = 1.0 / (1.0 + ratio * np.maximum(values, 0.0))
            left_out = vectors @ (shrunk * turned) / (vectors**2 @ shrunk)
            left[Manner(divisor, length, ratio)] = float(np.mean(left_out**2))
    return min(left, key=left.__getitem__)


def _fitted(points: Points, fit: JointFit, names: Sequence[str], manner: Manner, without: float) -> Correction:
    errors = _unexplained(points, fit)
    system = np.eye(len(points)) + manner.ratio * _shared(points, names, manner.divisor, manner.length, errors.certainty)
    solved = np.linalg.solve(system, errors.certainty * errors.logarithms)
    values = np.array([points.dimensions[name] for name in names]).T
    return Correction(
        dimensions=tuple(names),
        divisor=manner.divisor,
        length=manner.length,
        points=tuple(tuple(int(value) for value in row) for row in values),
        weights=tuple(round(float(weight), WEIGHT_DIGITS) for weight in manner.ratio * errors.certainty * solved),
        without=without,
    )
