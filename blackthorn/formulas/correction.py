"""What a formula leaves unexplained, as a factor: smooth near measured layers, and that of groups of layers."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas.base import Point
from blackthorn.formulas.gaussian_process import GaussianProcess
from blackthorn.formulas.tree import ObliviousTree

Floats = NDArray[np.float64]

LARGEST_FACTOR = 2.0
"""No correction is believed beyond twice or half of what the formula says."""


class Correction(msgspec.Struct, frozen=True):
    """A factor that a formula is multiplied by: its logarithm is the sum of what the parts say.

    Attributes:
        process: what is smooth; None where that does not help.
        trees: what groups of layers have in common, one tree after the other; none where that does not help.
        without: left-out error of the formula alone, root mean square, in percent.
    """

    process: GaussianProcess | None
    trees: tuple[ObliviousTree, ...]
    without: float

    def factor(self, point: Point) -> Floats:
        """The factor at arrays of points, shape (n,).

        Raises:
            KeyError: a dimension is not in `point`.
        """
        parts = [part for part in (self.process, *self.trees) if part is not None]
        factor: Floats = np.exp(within_bounds(np.asarray(sum(part.logarithm(point) for part in parts))))
        return factor


def within_bounds(logarithms: Floats) -> Floats:
    """Logarithms of factors, those beyond `LARGEST_FACTOR` as that; same shape."""
    most = math.log(LARGEST_FACTOR)
    return np.clip(logarithms, -most, most)
