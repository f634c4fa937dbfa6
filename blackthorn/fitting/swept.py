"""Least squares by a few columns, and what one more, one less, or another one in the place of one would explain.

All in closed form, and no column with a coefficient below zero beside those chosen.

Source: Goodnight, "A tutorial on the SWEEP operator", The American Statistician 33, 1979.
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import SMALLEST, with_ridge

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

LEAST_ALONE = 1e-9
"""Share of a column that the others cannot stand for, below which it is only their sum."""


class Swept(NamedTuple):
    """Least squares of B targets by c chosen columns each, and how each of T columns stands to these.

    Attributes:
        points: the sum of the points' weights, shape (B,).
        squares: of the target, weighted, shape (B,).
        explained: how much of them the chosen columns explain, shape (B,).
        coefficients: of the chosen columns, shape (B, c).
        variances: of the coefficients, in units of the noise's, shape (B, c).
        standing: how much of each chosen column stands for each column, shape (B, c, T).
        rest: what each column has in common with what is left unexplained, shape (B, T).
        alone: the squares of each column that the chosen ones cannot stand for, shape (B, T).
    """

    points: Floats
    squares: Floats
    explained: Floats
    coefficients: Floats
    variances: Floats
    standing: Floats
    rest: Floats
    alone: Floats

    def explained_with(self) -> Floats:
        """Squares explained with each column, too, shape (B, T)."""
        return self.explained[:, None] + _positive(self.rest) / self.alone

    def explained_without(self) -> Floats:
        """Squares explained without each of the chosen columns, shape (B, c)."""
        return self.explained[:, None] - self.coefficients**2 / self.variances

    def explained_instead(self, place: int) -> Floats:
        """Squares explained with each column in the place of a chosen one, shape (B, T)."""
        standing, variance = self.standing[:, place], self.variances[:, place, None]
        rest = self.rest + self.coefficients[:, place, None] / variance * standing
        return self.explained_without()[:, [place]] + _positive(rest) / (self.alone + standing**2 / variance)


def swept(columns: Floats, target: Floats, weights: Floats, chosen: Whole) -> Swept:
    """Weighted least squares of targets by chosen columns.

    Args:
        columns: all that there are, shape (B, T, n).
        target: what is explained, shape (B, n).
        weights: how much each point counts, shape (B, n).
        chosen: numbers of columns, shape (B, c); c may be 0.
    """
    weighted = columns * weights[:, None, :]
    own, right = np.einsum("btn,btn->bt", weighted, columns), (weighted @ target[:, :, None])[:, :, 0]
    rows = np.arange(len(columns))[:, None]
    across, sides = weighted[rows, chosen] @ columns.transpose(0, 2, 1), right[rows, chosen]
    inverse = np.linalg.inv(with_ridge(np.take_along_axis(across, chosen[:, None, :], 2)))
    coefficients, standing = (inverse @ sides[:, :, None])[:, :, 0], inverse @ across
    return Swept(
        points=weights.sum(axis=1),
        squares=(weights * target**2).sum(axis=1),
        explained=(coefficients * sides).sum(axis=1),
        coefficients=coefficients,
        variances=np.diagonal(inverse, axis1=1, axis2=2),
        standing=standing,
        rest=right - np.einsum("bp,bpt->bt", coefficients, across),
        alone=np.maximum(own - np.einsum("bpt,bpt->bt", standing, across), LEAST_ALONE * own + SMALLEST),
    )


def _positive(rest: Floats) -> Floats:
    """The squares of numbers above zero: what would need a coefficient below zero explains nothing."""
    return np.maximum(rest, 0.0) ** 2
