"""The part of a correction that groups of layers have in common: boosted trees of what is left unexplained.

Each tree learns what those before it left, and only a share of what it says counts. Formulas have few regimes, each with much
to tell; trees find where a regime ends otherwise than a formula can say (wide rows of layers beyond a cache, say), and what
kernels do that is neither step nor line. How many trees there are is told by points left out.

Source: Friedman, "Greedy function approximation: a gradient boosting machine", Annals of Statistics 29, 2001 (boosting of
squared errors); Prokhorenkova and others, "CatBoost: unbiased boosting with categorical features", NeurIPS 31, 2018 (trees
whose levels ask one question, which fit noise the less).
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.proposals import midway
from blackthorn.fitting.unexplained import Unexplained
from blackthorn.formulas import AtMost, DivisibleBy, ObliviousTree, Question
from blackthorn.formulas.correction import within_bounds

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

DEPTH = 3
"""Questions of a tree: with 4, and with 5, errors at layers timed apart were the same within 1 %, in the mean of 42 sweeps."""
SHRINKAGE = 5.0
"""Points, each with no error, that every group is taken to hold beside its own: few points say little."""
RATE = 0.4
"""The share of what a tree says that counts."""
MOST_TREES = 30
LEAST_GAIN = 0.02
"""Share of the errors at points left out that trees must take away: less they do by chance."""
PATIENCE = 8
"""Trees in a row that make nothing better at points left out, after which no more are tried."""
MOST_THRESHOLDS = 32
"""Sizes of one dimension that questions part at, about evenly between the measured ones."""
DIVISORS = (2, 4, 8, 16, 32, 64)
"""Blocks that runtimes work in, and groups of them."""
VALUE_DIGITS = 4
"""Digits after the point of what is stored: a hundredth of a percent."""


def boosted(errors: Unexplained) -> tuple[tuple[ObliviousTree, ...], Unexplained]:
    """Trees of what the last formula leaves unexplained, none where they do not help at points left out, and what is left then.

    Trees are grown for every formula side by side, from the points that it was fitted to.
    """
    questions = list(_questions(errors))
    if not questions:
        return (), errors
    points = errors.points
    holds = [question.condition.holds(points.dimensions[question.dimension]) for question in questions]
    answers = np.array(holds, dtype=np.float64)
    weights = points.weights * errors.fitted
    stages, trees = [errors], list[ObliviousTree]()
    misfits = [errors.misfit()]
    while len(trees) < MOST_TREES and len(trees) - int(np.argmin(misfits)) < PATIENCE:
        grown = _grown(answers, within_bounds(stages[-1].logarithms), weights)
        trees.append(ObliviousTree(tuple(questions[place] for place in grown.asked[-1]), tuple(grown.values[-1].tolist())))
        stages.append(stages[-1].less(grown.told()))
        misfits.append(stages[-1].misfit())
    best = int(np.argmin(misfits))
    return (tuple(trees[:best]), stages[best]) if misfits[best] <= (1.0 - LEAST_GAIN) * misfits[0] else ((), errors)


def _questions(errors: Unexplained) -> Iterator[Question]:
    """What can be asked: sizes, bytes moved and the like up to thresholds, and what blocks divide; each parts the points."""
    points = errors.points
    for name in (*errors.independent(), *points.derived):
        yield from (Question(name, threshold) for threshold in _thresholds(points.dimensions[name]))
    for name in errors.independent():
        if name not in points.merged:
            yield from (Question(name, aligned) for aligned in _alignments(points.dimensions[name]))


def _thresholds(values: Floats) -> Iterator[AtMost]:
    different = np.unique(values)
    count = len(different) - 1
    places = np.unique(np.linspace(0, count - 1, min(MOST_THRESHOLDS, count)).round().astype(np.intp))
    yield from (midway(different[place], different[place + 1]) for place in places)


def _alignments(values: Floats) -> Iterator[DivisibleBy]:
    for divisor in DIVISORS:
        if 0.0 < np.mean(values % divisor == 0) < 1.0:
            yield DivisibleBy(divisor)


class _Grown(NamedTuple):
    """A tree for each of B formulas.

    Attributes:
        asked: which questions, shape (B, DEPTH).
        values: of the groups that the answers make, times `RATE`, shape (B, groups).
        groups: which of them each point is in, shape (B, n).
    """

    asked: Whole
    values: Floats
    groups: Whole

    def told(self) -> Floats:
        """What the trees say of every point, shape (B, n)."""
        return np.take_along_axis(self.values, self.groups, axis=1)


def _grown(answers: Floats, target: Floats, weights: Floats) -> _Grown:
    """Grow trees a level at a time, each level by the question that leaves least.

    Args:
        answers: 1 for yes and 0 for no to each of q questions, shape (q, n).
        target: what is to be told, shape (B, n).
        weights: how much each point counts, shape (B, n).
    """
    count = len(target)
    asked: list[Whole] = []
    members = np.ones((count, 1, len(answers.T)))
    for _ in range(DEPTH):
        asked.append(_best_question(answers, members * (weights * target)[:, None], members * weights[:, None]))
        yes = answers[asked[-1]][:, None]
        members = np.stack([members * (1.0 - yes), members * yes], axis=2).reshape(count, -1, len(answers.T))
    sums = (members * (weights * target)[:, None]).sum(axis=2)
    held = (members * weights[:, None]).sum(axis=2)
    values = (RATE * sums / (held + SHRINKAGE)).round(VALUE_DIGITS)
    return _Grown(np.array(asked).T, values, members.argmax(axis=1))


def _best_question(answers: Floats, sums: Floats, held: Floats) -> Whole:
    """For each formula the question that leaves the least squares where it is asked of every group, shape (B,).

    Args:
        answers: shape (q, n).
        sums: weighted targets, 0 where a point is in another group, shape (B, groups, n).
        held: weights, likewise.
    """
    of_yes, weight_of_yes = sums @ answers.T, held @ answers.T
    of_no = sums.sum(axis=2, keepdims=True) - of_yes
    weight_of_no = held.sum(axis=2, keepdims=True) - weight_of_yes
    explained = of_yes**2 / (weight_of_yes + SHRINKAGE) + of_no**2 / (weight_of_no + SHRINKAGE)
    best: Whole = explained.sum(axis=1).argmax(axis=1)
    return best
