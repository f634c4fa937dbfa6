"""How well a structure predicts points that it was not fitted to."""

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.joint import JointFit
from blackthorn.fitting.lockstep import Lockstep
from blackthorn.fitting.points import Points

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FOLDS = 5
"""Parts of the points that are left out in turn: the usual choice (Kohavi, IJCAI 1995), and a fit takes milliseconds."""


class LeftOut(NamedTuple):
    """A structure without some of its points in turn.

    Attributes:
        parts: each part of the points that is left out, and the structure fitted without it.
        residuals: the signed relative error of every point as predicted without its part, shape (n,).
    """

    parts: tuple[tuple[Mask, JointFit], ...]
    residuals: Floats


def cross_validation(points: Points, fits: Sequence[JointFit]) -> Lockstep[list[LeftOut]]:
    """How well the structure of each fit predicts points that it is not fitted to; a single point is left in."""
    fold = np.arange(len(points)) % FOLDS
    masks = [fold == part for part in range(min(FOLDS, len(points)))]
    rest = [points.where(~mask) if len(points) > 1 else points for mask in masks]
    trained = iter((yield [(kept, fit.structure) for fit in fits for kept in rest]))
    return [_left_out(points, tuple((mask, next(trained)) for mask in masks)) for _ in fits]


def _left_out(points: Points, parts: tuple[tuple[Mask, JointFit], ...]) -> LeftOut:
    residuals = np.empty(len(points))
    for mask, fit in parts:
        held = points.where(mask)
        residuals[mask] = fit.predict(held.dimensions) / held.seconds - 1.0
    return LeftOut(parts, residuals)


def rmspe(relative: Floats) -> float:
    """Root mean square of relative errors, in percent."""
    return 100.0 * math.sqrt(float(np.mean(np.square(relative))))
