"""Corrections of formulas: fitted to what a formula leaves unexplained, and kept only where left-out points say that it helps.

How far errors reach along each dimension, which divisor tells values apart and how much of an error is noise are those that
make what was measured likeliest, found by trying one after the other in smaller and smaller steps.

Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equation 5.8 (the evidence); Hooke and Jeeves,
"Direct search solution of numerical and statistical problems", Journal of the ACM 8, 1961 (the search).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import LEAST_NOISE, SMALLEST, bounded, sharpness
from blackthorn.fitting.joint import JointFit
from blackthorn.fitting.leaving_out import LeftOut, rmspe
from blackthorn.fitting.points import Points
from blackthorn.formulas.correction import NO_DIVISOR, Correction, nearness, places

Floats = NDArray[np.float64]

USUAL_LENGTH, LENGTH_SPREAD = 3.0, 1.0
"""Octaves over which errors stay alike before anything is seen, and the standard deviation of their logarithm."""
RATIO_SPREAD = 2.0
"""That of the logarithm of the variance of what is explained over that of noise, which are alike before anything is seen."""
STEPS = (2.0, 1.0, 0.5)
"""Octaves by which lengths, and the ratio of variances, are moved in the search."""
MOST_ROUNDS = 6
"""Rounds with one step: each moves every number at most once."""
DIVISORS = (4, 8, 16, 32)
"""Blocks that runtimes work in."""
NOISE_POINTS = 2.0
"""How many points the usual noise counts for."""
FEWEST_POINTS = 10
"""Of fewer, errors left out say little about whether a correction helps."""
MOST_POINTS = 512
"""Of more, which are full sweeps along a line, a formula needs no help, and solving for them takes seconds."""
WEIGHT_DIGITS, LENGTH_DIGITS = 6, 4
"""Digits after the point of what is stored: a millionth of a factor."""


class Manner(NamedTuple):
    """How a correction is fitted: see `Correction`; `ratio` is the variance of what is explained over that of noise."""

    divisor: int
    lengths: tuple[float, ...]
    ratio: float

    def moved(self, place: int, octaves: float) -> "Manner":
        """The same with one of its numbers, the lengths and then the ratio, so many octaves larger."""
        numbers = [*self.lengths, self.ratio]
        numbers[place] *= 2.0**octaves
        return Manner(self.divisor, tuple(numbers[:-1]), numbers[-1])


class Corrected(NamedTuple):
    """A correction, and the signed relative errors of formula and correction together at points left out, shape (n,)."""

    correction: Correction
    residuals: Floats


def corrected(points: Points, fit: JointFit, alone: LeftOut) -> Corrected | None:
    """The correction of a formula, where it helps at all.

    There is none where errors are, or all that it would change is, less than timings can tell. Sixty that made errors at points
    left out smaller by less than 4 % still made those of layers timed apart smaller, by 1 % in the mean.

    Args:
        points: what the formula was fitted to.
        fit: the formula.
        alone: how it predicts points left out.
    """
    misfit = _misfit(alone.residuals, points)
    if misfit <= LEAST_NOISE or not FEWEST_POINTS <= len(points) <= MOST_POINTS:
        return None
    names = _independent(points)
    manner = _Search(points, fit, names).best()
    errors = np.empty(len(points))
    for left_out, trained in alone.parts:
        held, rest = points.where(left_out), points.where(~left_out)
        factor = _fitted(rest, trained, names, manner, 0.0).factor(held.dimensions)
        errors[left_out] = factor * trained.predict(held.dimensions) / held.seconds - 1.0
    correction = _fitted(points, fit, names, manner, rmspe(alone.residuals))
    moved = np.abs(np.log(correction.factor(points.dimensions)))
    return Corrected(correction, errors) if _misfit(errors, points) <= misfit and moved.max() > LEAST_NOISE else None


def _misfit(residuals: Floats, points: Points) -> float:
    """Root mean square of logarithms of predicted over measured: what is learnt is a logarithm, and outliers are not."""
    logarithms = np.log(np.maximum(1.0 + residuals, SMALLEST))
    return float(np.sqrt(np.mean(bounded(logarithms * sharpness(points.seconds)) ** 2)))


def _independent(points: Points) -> tuple[str, ...]:
    """The dimensions that differ between the points, without those that repeat another one (width = height)."""
    kept: dict[bytes, str] = {}
    for name in points.free():
        if np.ptp(points.dimensions[name]) > 0.0:
            kept.setdefault(points.dimensions[name].tobytes(), name)
    return tuple(kept.values())


class _Errors(NamedTuple):
    """What a formula leaves unexplained: logarithms of measured over predicted, and how much each counts.

    That is the inverse of its standard deviation, times predicted over measured: what is told of errors is their share of the
    measured time, which a logarithm answers to the more, the longer the prediction is.
    """

    logarithms: Floats
    certainty: Floats


def _unexplained(points: Points, fit: JointFit) -> _Errors:
    logarithms = bounded(np.log(points.seconds / np.maximum(fit.predict(points.dimensions), SMALLEST)))
    return _Errors(logarithms, np.sqrt(points.weights) * sharpness(points.seconds) * np.exp(-logarithms))


def _covariance(values: Sequence[Floats], certainty: Floats, manner: Manner) -> Floats:
    """Covariance of errors, in units of their noise, at points whose dimensions have these values; shape (n, n)."""
    there = places(values, manner.lengths, manner.divisor)
    covariance: Floats = manner.ratio * nearness(there, there) * np.outer(certainty, certainty)
    covariance[np.diag_indices(len(certainty))] += 1.0
    return covariance


class _Search:
    """What makes the errors of a formula likeliest: unlikelihoods in nats, up to what all manners have in common."""

    def __init__(self, points: Points, fit: JointFit, names: Sequence[str]) -> None:
        errors = _unexplained(points, fit)
        self._values = [points.dimensions[name] for name in names]
        self._certainty = errors.certainty
        self._target = errors.certainty * errors.logarithms

    def best(self) -> Manner:
        """The likeliest manner: without a divisor first, and then with those lengths each divisor in turn."""
        best = Manner(NO_DIVISOR, (USUAL_LENGTH,) * len(self._values), 1.0)
        least = self._unlikelihood(best)
        for step in STEPS:
            for _ in range(MOST_ROUNDS):
                before = least
                for place in range(len(self._values) + 1):
                    tried = [best.moved(place, step), best.moved(place, -step)]
                    best, least = min([(best, least), *((one, self._unlikelihood(one)) for one in tried)], key=_second)
                if least >= before:
                    break
        tried = [best, *(best._replace(divisor=divisor) for divisor in DIVISORS)]
        return min(tried, key=self._unlikelihood)

    def _unlikelihood(self, manner: Manner) -> float:
        """Of the errors, the variance of their noise being the likeliest one, and of the manner by itself."""
        count = len(self._target)
        factor = np.linalg.cholesky(_covariance(self._values, self._certainty, manner))
        squares = float(np.sum(np.linalg.solve(factor, self._target) ** 2)) + NOISE_POINTS * LEAST_NOISE**2
        of_errors = 0.5 * (count + NOISE_POINTS) * math.log(squares) + float(np.log(np.diag(factor)).sum())
        lengths = np.log(np.array(manner.lengths) / USUAL_LENGTH) / LENGTH_SPREAD
        return of_errors + 0.5 * float(np.sum(lengths**2)) + 0.5 * (math.log(manner.ratio) / RATIO_SPREAD) ** 2


def _second(entry: tuple[Manner, float]) -> float:
    return entry[1]


def _fitted(points: Points, fit: JointFit, names: Sequence[str], manner: Manner, without: float) -> Correction:
    errors = _unexplained(points, fit)
    values = [points.dimensions[name] for name in names]
    solved = np.linalg.solve(_covariance(values, errors.certainty, manner), errors.certainty * errors.logarithms)
    return Correction(
        dimensions=tuple(names),
        divisor=manner.divisor,
        lengths=tuple(round(length, LENGTH_DIGITS) for length in manner.lengths),
        points=tuple(tuple(int(value) for value in row) for row in np.array(values).T),
        weights=tuple(round(float(weight), WEIGHT_DIGITS) for weight in manner.ratio * errors.certainty * solved),
        without=without,
    )
