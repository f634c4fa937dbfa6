"""The smooth part of a correction: a Gaussian process of what a formula leaves unexplained.

How far errors reach along each dimension, which divisor tells values apart and how much of an error is noise are those that
make what was measured likeliest, found by trying one after the other in smaller and smaller steps. A point is believed as far
as it is not far off what all others say: a group of layers that take much longer is learnt, one alone is an outlier.

Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equation 5.8 (the evidence); Hooke and Jeeves,
"Direct search solution of numerical and statistical problems", Journal of the ACM 8, 1961 (the search).
"""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import LEAST_NOISE, bounded
from blackthorn.fitting.points import Points
from blackthorn.fitting.unexplained import Unexplained
from blackthorn.formulas import GaussianProcess
from blackthorn.formulas.correction import within_bounds
from blackthorn.formulas.gaussian_process import NO_DIVISOR, nearness, places

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
BELIEVED_ROUNDS = 3
"""Rounds of telling what all other points say of each: at first none is believed to be far off what a formula says."""
NOISE_POINTS = 2.0
"""How many points the usual noise counts for."""
WEIGHT_DIGITS, LENGTH_DIGITS = 6, 4
"""Digits after the point of what is stored: a millionth of a factor."""


def fitted_process(errors: Unexplained) -> tuple[GaussianProcess, Unexplained]:
    """The process of what the last formula leaves unexplained, and what is left then.

    Each formula has a process of its own for that, fitted to the points that it was fitted to.
    """
    points, names = errors.points, errors.independent()
    manner = _Search(_errors(points, bounded(within_bounds(errors.logarithms[-1]))), _values(points, names)).best()
    each = zip(errors.logarithms, errors.fitted, strict=True)
    found = [_fitted(points.where(kept), within_bounds(row[kept]), names, manner) for row, kept in each]
    return found[-1], errors.less(np.array([process.logarithm(points.dimensions) for process in found]))


class _Manner(NamedTuple):
    """How a process is fitted: see `GaussianProcess`; `ratio` is the variance of what is explained over that of noise."""

    divisor: int
    lengths: tuple[float, ...]
    ratio: float

    def moved(self, place: int, octaves: float) -> "_Manner":
        """The same with one of its numbers, the lengths and then the ratio, so many octaves larger."""
        numbers = [*self.lengths, self.ratio]
        numbers[place] *= 2.0**octaves
        return _Manner(self.divisor, tuple(numbers[:-1]), numbers[-1])


class _Errors(NamedTuple):
    """Logarithms of measured over predicted, and how much each counts.

    That is the inverse of its standard deviation, times predicted over measured: what is told of errors is their share of the
    measured time, which a logarithm answers to the more, the longer the prediction is.
    """

    logarithms: Floats
    certainty: Floats


def _errors(points: Points, logarithms: Floats) -> _Errors:
    return _Errors(logarithms, np.sqrt(points.weights) * np.exp(-logarithms))


def _values(points: Points, names: Sequence[str]) -> list[Floats]:
    return [points.dimensions[name] for name in names]


def _covariance(values: Sequence[Floats], certainty: Floats, manner: _Manner) -> Floats:
    """Covariance of errors, in units of their noise, at points whose dimensions have these values; shape (n, n)."""
    there = places(values, manner.lengths, manner.divisor)
    covariance: Floats = manner.ratio * nearness(there, there) * np.outer(certainty, certainty)
    covariance[np.diag_indices(len(certainty))] += 1.0
    return covariance


class _Search:
    """What makes the errors of a formula likeliest: unlikelihoods in nats, up to what all manners have in common."""

    def __init__(self, errors: _Errors, values: Sequence[Floats]) -> None:
        self._values = values
        self._certainty = errors.certainty
        self._target = errors.certainty * errors.logarithms

    def best(self) -> _Manner:
        """The likeliest manner: without a divisor first, and then with those lengths each divisor in turn."""
        best = _Manner(NO_DIVISOR, (USUAL_LENGTH,) * len(self._values), 1.0)
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

    def _unlikelihood(self, manner: _Manner) -> float:
        """Of the errors, the variance of their noise being the likeliest one, and of the manner by itself."""
        count = len(self._target)
        factor = np.linalg.cholesky(_covariance(self._values, self._certainty, manner))
        squares = float(np.sum(np.linalg.solve(factor, self._target) ** 2)) + NOISE_POINTS * LEAST_NOISE**2
        of_errors = 0.5 * (count + NOISE_POINTS) * math.log(squares) + float(np.log(np.diag(factor)).sum())
        lengths = np.log(np.array(manner.lengths) / USUAL_LENGTH) / LENGTH_SPREAD
        return of_errors + 0.5 * float(np.sum(lengths**2)) + 0.5 * (math.log(manner.ratio) / RATIO_SPREAD) ** 2


def _second(entry: tuple[_Manner, float]) -> float:
    return entry[1]


def _fitted(points: Points, logarithms: Floats, names: Sequence[str], manner: _Manner) -> GaussianProcess:
    values = _values(points, names)
    believed = bounded(logarithms)
    for _ in range(BELIEVED_ROUNDS):
        expected = _expected(values, _errors(points, believed), manner)
        believed = expected + bounded(logarithms - expected)
    errors = _errors(points, believed)
    solved = np.linalg.solve(_covariance(values, errors.certainty, manner), errors.certainty * errors.logarithms)
    return GaussianProcess(
        dimensions=tuple(names),
        divisor=manner.divisor,
        lengths=tuple(round(length, LENGTH_DIGITS) for length in manner.lengths),
        points=tuple(tuple(int(value) for value in row) for row in np.array(values).T),
        weights=tuple(round(float(weight), WEIGHT_DIGITS) for weight in manner.ratio * errors.certainty * solved),
    )


def _expected(values: Sequence[Floats], errors: _Errors, manner: _Manner) -> Floats:
    """What all other points say of each, shape (n,): Rasmussen and Williams, equation 5.12."""
    inverse = np.linalg.inv(_covariance(values, errors.certainty, manner))
    target = errors.certainty * errors.logarithms
    expected: Floats = (target - inverse @ target / np.diag(inverse)) / errors.certainty
    return expected
