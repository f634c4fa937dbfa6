"""What is to be changed of what a formula says, as a factor.

That is what other likely formulas say of the same layers, what is smooth near measured layers in what all of them leave
unexplained, and what groups of layers have in common in that.
"""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas.base import Formula, Point, Values
from blackthorn.formulas.gaussian_process import GaussianProcess
from blackthorn.formulas.tree import ObliviousTree

Floats = NDArray[np.float64]

LARGEST_FACTOR = 2.0
"""No correction is believed beyond twice or half of what the formula says."""


SHORTEST = 1e-12
"""Stands in for seconds that are zero where something is divided by them, or a logarithm taken."""


class Alternative(msgspec.Struct, frozen=True):
    """Another formula of the same class that is likely, too.

    Attributes:
        formula: over what the formula that is corrected may speak of.
        weight: the share that it has in the average of logarithms; the formula that is corrected has what all others leave.
    """

    formula: Formula
    weight: float

    def logarithm(self, point: Point, seconds: Values) -> Floats:
        """Its share of what the average says, over what the corrected formula says, at arrays of points, shape (n,).

        Args:
            point: dimensions, and what follows from them.
            seconds: what the corrected formula says there, shape (n,).

        Raises:
            KeyError: a dimension is not in `point`.
        """
        other, own = np.maximum(self.formula.evaluate(point), SHORTEST), np.maximum(seconds, SHORTEST)
        share: Floats = self.weight * np.log(other / own)
        return share


class Correction(msgspec.Struct, frozen=True):
    """A factor that a formula is multiplied by: its logarithm is the sum of what the parts say.

    Attributes:
        alternatives: what other formulas say; none where that does not help.
        process: what is smooth; None where that does not help.
        trees: what groups of layers have in common, one tree after the other; none where that does not help.
        without: left-out error of the formula alone, root mean square, in percent.
    """

    alternatives: tuple[Alternative, ...]
    process: GaussianProcess | None
    trees: tuple[ObliviousTree, ...]
    without: float

    def factor(self, point: Point, seconds: Values) -> Floats:
        """The factor at arrays of points, shape (n,).

        Args:
            point: dimensions, and what follows from them.
            seconds: what the formula says there, shape (n,).

        Raises:
            KeyError: a dimension is not in `point`.
        """
        parts = [part.logarithm(point) for part in (self.process, *self.trees) if part is not None]
        parts += [alternative.logarithm(point, seconds) for alternative in self.alternatives]
        factor: Floats = np.exp(within_bounds(np.asarray(sum(parts))))
        return factor


def within_bounds(logarithms: Floats) -> Floats:
    """Logarithms of factors, those beyond `LARGEST_FACTOR` as that; same shape."""
    most = math.log(LARGEST_FACTOR)
    return np.clip(logarithms, -most, most)
