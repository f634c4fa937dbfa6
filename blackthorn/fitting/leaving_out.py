"""How well a structure predicts points that it was not fitted to."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.joint import JointFit, Points, fit_structures

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FOLDS = 5
"""Parts of the points that are left out in turn: the usual choice (Kohavi, IJCAI 1995), and a fit takes milliseconds."""


def parts(points: Points, fit: JointFit) -> list[tuple[Mask, JointFit]]:
    """Each part of the points that is left out, and the same structure fitted without it."""
    return all_parts(points, [fit])[0]


def all_parts(points: Points, fits: Sequence[JointFit]) -> list[list[tuple[Mask, JointFit]]]:
    """`parts` of several fits."""
    fold = np.arange(len(points)) % FOLDS
    masks = [fold == part for part in range(min(FOLDS, len(points)))]
    if len(points) == 1:
        return [[(masks[0], fit)] for fit in fits]
    trained = iter(fit_structures([(points.where(~mask), fit.structure) for fit in fits for mask in masks]))
    return [[(mask, next(trained)) for mask in masks] for _ in fits]


def cross_validated(points: Points, fits: Sequence[JointFit]) -> list[Floats]:
    """For each fit, the signed relative error of every point, predicted by its structure fitted without the point's part."""
    return [_residuals(points, trained) for trained in all_parts(points, fits)]


def _residuals(points: Points, trained: Sequence[tuple[Mask, JointFit]]) -> Floats:
    residuals = np.empty(len(points))
    for left_out, fit in trained:
        held = points.where(left_out)
        residuals[left_out] = fit.predict(held.dimensions) / held.seconds - 1.0
    return residuals


def rmspe(relative: Floats) -> float:
    """Root mean square of relative errors, in percent."""
    return 100.0 * math.sqrt(float(np.mean(np.square(relative))))
