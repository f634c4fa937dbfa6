"""What formulas of one structure leave unexplained, at the points they were fitted to and at those left out of them.

Corrections are learnt from the former and judged by the latter: what helps at points left out is worth keeping.
"""

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import SMALLEST
from blackthorn.fitting.joint import JointFit
from blackthorn.fitting.leaving_out import LeftOut
from blackthorn.fitting.points import Points
from blackthorn.formulas.correction import within_bounds

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Unexplained(NamedTuple):
    """What formulas leave unexplained: each but the last was fitted without one part of the points, the last to all of them.

    Attributes:
        points: n of them.
        logarithms: of measured over predicted time by each of B formulas, shape (B, n).
        fitted: which points each was fitted to, shape (B, n).
    """

    points: Points
    logarithms: Floats
    fitted: Mask

    def left_out(self) -> Floats:
        """The logarithm at each point by the formula that was fitted without it, shape (n,)."""
        without = self.fitted.argmin(axis=0)
        found: Floats = self.logarithms[without, np.arange(len(self.points))]
        return found

    def less(self, explained: Floats) -> "Unexplained":
        """What is left where so much of each logarithm is explained, shape (B, n)."""
        return self._replace(logarithms=self.logarithms - explained)

    def misfit(self) -> float:
        """Root mean square of relative errors at points left out, none beyond what a correction can say.

        Not of logarithms: of 2,400 convolutions that a GPU did in times hard to foretell, trees told the logarithms better and
        the times worse, by 3 of 25 % in the root mean square.
        """
        return math.sqrt(float(np.mean((np.exp(-within_bounds(self.left_out())) - 1.0) ** 2)))

    def independent(self) -> tuple[str, ...]:
        """The dimensions that differ between the points, without those that repeat another one (width = height)."""
        kept: dict[bytes, str] = {}
        for name in self.points.free():
            if np.ptp(self.points.dimensions[name]) > 0.0:
                kept.setdefault(self.points.dimensions[name].tobytes(), name)
        return tuple(kept.values())


def unexplained(points: Points, fit: JointFit, alone: LeftOut) -> Unexplained:
    """What a formula leaves unexplained, and what it does where it is fitted without some of the points.

    Args:
        points: what the formula was fitted to, each left out once.
        fit: the formula.
        alone: the same without parts of the points.
    """
    predictions = np.array([part.predict(points.dimensions) for part in (*(trained for _, trained in alone.parts), fit)])
    fitted = np.array([*(~held for held, _ in alone.parts), np.ones(len(points), dtype=np.bool_)])
    return Unexplained(points, np.log(points.seconds / np.maximum(predictions, SMALLEST)), fitted)
