"""The choice of the next point along one dimension."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import sharpness
from blackthorn.fitting.shapes import leaves, regimes
from blackthorn.fitting.slices import LARGEST_DIVISOR, Explanation, Search, block_cost, explain
from blackthorn.records import Range
from blackthorn.selection.gaps import spread_over_gaps
from blackthorn.selection.scores import (
    MOST_ALIGNED,
    coefficient_score,
    distance_score,
    levels_score,
    leverage,
    plausibility,
    range_score,
    size_and_alignment,
)

Floats = NDArray[np.float64]
Told = tuple[float, float]
"""Seconds, and how much the measurement counts: at most 1."""

SURE = 0.9
"""Posterior probability of the best structure at which it counts as found."""
ALIKE_IN_NOISE = 1.0
"""Explanations whose predictions nowhere differ by more than this many noises count as one."""
FEWEST_POINTS = 32
"""Points before which nothing counts as settled: a small step shows only in a good part of them."""
SPREAD_IN_NOISE = 0.5
"""Root mean square doubt of the prediction, in units of one measurement's noise, at which the coefficients count as found."""
NEAR_IN_OCTAVES = 1.0
"""A formula is not trusted further than this factor of two from a measured value."""
SPREAD_EVERY = 3
"""Every so many points one is taken in the widest gap, against what no candidate formula foresees."""
SPREAD_OF_LONG_STEPS = 2
"""The same along an axis whose neighbouring values lie further apart than any block is long: there are no alignments to learn,
and what is left, memory, is told by octaves. Of layers that stream memory, 1,000 to 4,000,000 numbers in steps of 1,000, 16 to
60 points told others to within 2.1 %, and to within 4.3 % when they were taken as along other axes (geometric means over
devices that were simulated by what layers of real ones take)."""
MOST_GRID = 2048
"""Values at which scores are evaluated."""
SAY = 64
"""Explanations whose doubt is weighed at each value, and ..."""
LEAST_SAY = 7.0
"""... the nats by which an explanation may trail the best and still be among them: one in a thousand."""
LIKELY = 0.01
"""Posterior probability from which on it is also weighed what a value would tell of an explanation's coefficients."""
LEAST_SECONDS = 1e-12


def next_value(axis: Range, known: Mapping[int, Told], skipped: frozenset[int], noise: float) -> int | None:
    """The value of one dimension that would tell most; None when nothing is in doubt.

    Args:
        axis: the values to choose from.
        known: seconds and weight by value measured.
        skipped: values that cannot be measured.
        noise: relative error that the measurements claim.
    """
    grid = values_of(axis)
    open_ = ~np.isin(grid, [*known, *skipped])
    if not open_.any():
        return None
    for value in opening(axis):
        if value not in known and value not in skipped:
            return value
    if not known:  # where neither end can be measured, what lies between may be
        return int(np.quantile(grid[open_], 0.5, method="lower"))
    return _most_telling(axis, grid, open_, known, noise)


def _most_telling(axis: Range, grid: Floats, open_: NDArray[np.bool_], known: Mapping[int, Told], noise: float) -> int | None:
    values = sorted(known)
    x = np.array(values, dtype=np.float64)
    seconds, weights = zip(*(known[value] for value in values), strict=True)
    explained = explain(tuple(x), seconds, weights, noise, Search(axis.low, axis.high, axis.step))
    explanations = spread_over_gaps(explained, x)[:SAY]
    best = explanations[0]
    explanations = tuple(explanation for explanation in explanations if explanation.cost <= best.cost + LEAST_SAY)
    probabilities = plausibility(np.array([explanation.cost for explanation in explanations]))
    predictions = np.maximum(np.stack([explanation.predict(grid) for explanation in explanations]), LEAST_SECONDS)
    uncertainty = leverage(_relative_columns(best, grid), _relative_columns(best, x))
    octaves = np.where(open_, distance_score(np.log2(grid)[:, None], np.log2(x)[:, None]), 0.0)
    if _settled(predictions, probabilities, uncertainty, best.noise):
        furthest = int(octaves.argmax())
        if octaves[furthest] > NEAR_IN_OCTAVES:
            return int(grid[furthest])
        if len(known) >= FEWEST_POINTS:
            return None
    shows_blocks = axis.step < MOST_ALIGNED
    if len(known) % (SPREAD_EVERY if shows_blocks else SPREAD_OF_LONG_STEPS) == 0:
        score = _gap_score(best, grid, x) if shows_blocks else octaves
    else:
        score = levels_score(predictions, probabilities, max(best.noise, noise) / sharpness(predictions[0]))
        if float(np.mean(uncertainty)) > SPREAD_IN_NOISE**2:
            score += _coefficients_score(explanations, probabilities, grid, x)
    return int(grid[np.where(open_, score, -np.inf).argmax()])


def _coefficients_score(explanations: Sequence[Explanation], probabilities: Floats, grid: Floats, x: Floats) -> Floats:
    """Nats that each value tells about the coefficients of an explanation, in the mean of those that are likely.

    By the best one alone, values just beyond a threshold would tell most, wherever in its gap it has the threshold.
    """
    score = np.zeros_like(grid)
    for explanation, probability in zip(explanations, probabilities.tolist(), strict=True):
        if probability >= LIKELY:
            told = coefficient_score(_relative_columns(explanation, grid), _relative_columns(explanation, x))
            score += probability * told
    return score


def _gap_score(best: Explanation, grid: Floats, x: Floats) -> Floats:
    """Distance of each value to the nearest measured one of its regime, alignment counted, times the regime's share.

    Formulas are only nearly true; where a regime is wide and unmeasured, or an alignment has not been looked at, no candidate
    foresees how far they are off.
    """
    score = np.zeros_like(grid)
    places, measured_places = _places(grid, grid), _places(x, grid)
    for inside, measured in zip(regimes(best.shape, grid), regimes(best.shape, x), strict=True):
        nearest = measured_places[measured] if measured.any() else measured_places
        score[inside] = distance_score(places[inside], nearest) * inside.mean()
    return score


def _places(x: Floats, grid: Floats) -> Floats:
    """Where values lie within the grid's range and among its alignments, shape (len(x), 2)."""
    return size_and_alignment(x[:, None], grid[:1], grid[-1:])


def _settled(predictions: Floats, probabilities: Floats, leverages: Floats, noise: float) -> bool:
    """Whether the structure is sure and the predictions are known to within the noise."""
    apart = np.abs(np.log(predictions / predictions[0])).max(axis=1) / noise
    sure = float(probabilities[apart < ALIKE_IN_NOISE].sum())
    doubt = np.mean((range_score(predictions, probabilities) / noise) ** 2 + leverages)
    return sure >= SURE and math.sqrt(float(doubt)) <= SPREAD_IN_NOISE


def _relative_columns(best: Explanation, x: Floats) -> Floats:
    """How the relative prediction at x answers to each coefficient, shape (len(x), coefficients).

    Where the clock's own error counts, a measurement tells less of them.
    """
    parts = zip(leaves(best.shape), regimes(best.shape, x), strict=True)
    columns = np.concatenate([np.where(mask, leaf.columns(x), 0.0) for leaf, mask in parts])
    seconds = np.maximum(best.predict(x), LEAST_SECONDS)
    return (columns * sharpness(seconds) / seconds).T


def opening(axis: Range) -> tuple[int, ...]:
    """The first values: both ends, and the best aligned value of the upper half beside one that is hardly aligned.

    Kernels are chosen by alignment; the pair shows it at the cost of one point.
    """
    values = values_of(axis).astype(np.int64)
    upper = values[len(values) // 2 :]
    divisors = np.arange(2, LARGEST_DIVISOR + 1)
    aligned = int(upper[((upper[:, None] % divisors == 0) @ np.exp(-block_cost(divisors, LARGEST_DIVISOR))).argmax()])
    return tuple(dict.fromkeys([axis.low, int(values[-1]), aligned, max(aligned - axis.step, axis.low)]))


def values_of(axis: Range) -> Floats:
    """The values of a range; where there are more than `MOST_GRID`, half as many evenly spaced and half as many by ratios."""
    values = np.array(axis.values(), dtype=np.float64)
    if len(values) <= MOST_GRID:
        return values
    ratios = np.searchsorted(values, np.geomspace(values[0], values[-1], MOST_GRID // 2).clip(max=values[-1]))
    return np.union1d(even_values(axis, MOST_GRID // 2), values[ratios])


def even_values(axis: Range, most: int = MOST_GRID) -> Floats:
    """The values of a range, thinned evenly where there are more than so many."""
    values = np.array(axis.values(), dtype=np.float64)
    if len(values) <= most:
        return values
    return np.unique(values[np.linspace(0, len(values) - 1, most).astype(int)])
