"""How well a structure predicts points that it was not fitted to."""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.joint import JointFit, Points, fit_structure

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]

FOLDS = 5
"""Parts of the points that are left out in turn: the usual choice (Kohavi, IJCAI 1995), and a fit takes milliseconds."""


def parts(points: Points, fit: JointFit) -> Iterator[tuple[Mask, JointFit]]:
    """Each part of the points that is left out, and the same structure fitted without it."""
    fold = np.arange(len(points)) % FOLDS
    for part in range(min(FOLDS, len(points))):
        left_out = fold == part
        yield left_out, fit_structure(points.where(~left_out), fit.structure) if len(points) > 1 else fit


def cross_validated(points: Points, fit: JointFit) -> Floats:
    """Signed relative error of every point, predicted by the same structure fitted without its part, shape (n,)."""
    residuals = np.empty(len(points))
    for left_out, trained in parts(points, fit):
        held = points.where(left_out)
        residuals[left_out] = trained.predict(held.dimensions) / held.seconds - 1.0
    return residuals


def rmspe(relative: Floats) -> float:
    """Root mean square of relative errors, in percent."""
    return 100.0 * math.sqrt(float(np.mean(np.square(relative))))
