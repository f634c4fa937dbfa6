"""What several likely formulas say on average, which errs less than what the best of them says.

Structures that foretell left-out points about as well as each other differ in what they say between points, most where there
are few, and which of them is the best changes with every few points. So each is believed by as much as it foretells. At layers
timed apart, for 20 sweeps of 20, 60, 120 and 240 points, errors were smaller by 2 % in the mean, by as much for every power
from 1 to 4 of the inverse of squared errors; and by 1 % where 6 sweeps of a whole network's layers foretold 15 others.

Source: Buckland, Burnham and Augustin, "Model selection: an integral part of inference", Biometrics 53, 1997 (averages over
models, each weighed by what speaks for it, in the place of the one that was selected).
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import SMALLEST
from blackthorn.fitting.joint import JointFit
from blackthorn.fitting.leaving_out import Validated
from blackthorn.fitting.unexplained import Unexplained, unexplained

Floats = NDArray[np.float64]

POWER = 2.0
"""Of the inverse of mean squared errors at points left out, by which formulas are weighed."""
LEAST_WEIGHT = 0.05
"""Formulas of less are left out: with those of less than 0.15 left out, averages by the
fourth power were no better than the best formula."""
WEIGHT_DIGITS = 4
"""Digits after the point of what is stored."""


class Weighed(NamedTuple):
    """A formula, and the share of the average that it has."""

    fit: JointFit
    weight: float


def averaged(errors: Unexplained, likely: Sequence[Validated]) -> tuple[tuple[Weighed, ...], Unexplained]:
    """The average of likely formulas, where it helps at points left out, and what is left unexplained then.

    Args:
        errors: of the best formula.
        likely: that and others, each with how it predicts the points that `errors` tells of, left out in the same parts.

    Returns:
        The others and their shares (the best has the rest), none where that does not help.
    """
    squares = np.array([left_out.squares(errors.points).mean() for _, left_out in likely])
    others = [
        (Weighed(fit, weight), unexplained(errors.points, fit, left_out))
        for (fit, left_out), weight in zip(likely[1:], _weights(squares)[1:], strict=True)
        if weight
    ]
    told = [one.weight * (errors.logarithms - theirs.logarithms) for one, theirs in others]
    left = errors.less(np.sum(told, axis=0)) if others else errors
    return (tuple(one for one, _ in others), left) if left.misfit() < errors.misfit() else ((), errors)


def _weights(squares: Floats) -> list[float]:
    """Shares of formulas with such mean squared errors, perhaps none; 1 together."""
    squares = np.maximum(squares, SMALLEST)
    shares = (squares.min() / squares) ** POWER
    shares[shares < LEAST_WEIGHT * shares.sum()] = 0.0
    weights: list[float] = (shares / shares.sum()).round(WEIGHT_DIGITS).tolist()
    return weights
