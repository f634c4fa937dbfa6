"""One dimension as in Lechner and Jantsch ("Blackthorn", IEEE Access 9, 2021): candidates are dropped until one is left.

Candidates are a line and a staircase of every width on a grid of 8. The two ends of the range are the start points, which
give every candidate its coefficients; then the point with the highest score is taken up, all candidates are fitted again by
least squares, and those that no longer explain the points are dropped. The paper leaves open what explaining is: here, a
residual that is not a fifth above the least.
"""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas import Constant, Formula, Linear, Step
from blackthorn.formulas.step import steps_climbed
from blackthorn.rivals.base import CannotFit, Floats

GRID = 8
"""Widths are multiples of it; so no other width is ever found."""
MOST_WIDTHS = 1024
"""Of longer ranges widths are multiples of more than the grid: millions of elements would give half a million candidates."""
KEPT = 1.2
"""Residuals over the least one up to which a candidate stays."""
EXACT = 1e-9
"""Residual, relative to the values, that is none but for rounding."""
STABLE = 0.01
"""Relative change of coefficients below which the last candidate is done."""


class Slice(msgspec.Struct, frozen=True):
    """value = base + rise * climbed(x); a line where `width` is None."""

    width: int | None
    base: float
    rise: float

    def formula(self, dimension: str, base: Formula | None = None, rise: Formula | None = None) -> Formula:
        """The slice as a formula, its coefficients replaced by formulas of other dimensions where given."""
        base, rise = base or Constant(self.base), rise or Constant(self.rise)
        return Linear(dimension, base, rise) if self.width is None else Step(dimension, self.width, base, rise)


def climbed(x: Floats, width: int | None) -> Floats:
    """What a slice's rise is multiplied by: x itself for a line."""
    return x if width is None else steps_climbed(x, width)


def fit_slice(x: Floats, values: Floats) -> Slice | CannotFit:
    """The candidate that is left, or the best of those left when the points are used up.

    Args:
        x: positions of the points that may be taken, shape (n,).
        values: what was measured there, or a coefficient of other slices, shape (n,).
    """
    first, last = int(x.argmin()), int(x.argmax())
    if x[first] == x[last]:
        return CannotFit("its two start points need two sizes")
    widths = (None, *candidate_widths(int(x[last])))
    curves = np.stack([climbed(x, width) for width in widths])
    alive = curves[:, last] > curves[:, first]
    taken = [first, last]
    coefficients, residuals = _least_squares(curves, values, taken)
    while len(taken) < len(x):
        taken.append(_next_point(x, curves, coefficients, alive, taken))
        before = coefficients
        coefficients, residuals = _least_squares(curves, values, taken)
        alive &= residuals <= max(KEPT * float(residuals[alive].min()), EXACT)
        if alive.sum() == 1 and np.allclose(before[alive], coefficients[alive], rtol=STABLE):
            break
    best = int(np.where(alive, residuals, np.inf).argmin())
    return Slice(widths[best], *coefficients[best].tolist())


def candidate_widths(last: int) -> range:
    """The widths that are tried up to the last value of a dimension."""
    apart = GRID * math.ceil(last / (GRID * MOST_WIDTHS))
    return range(apart, last, apart)


def fit_coefficients(x: Floats, values: Floats, width: int | None) -> tuple[float, float] | None:
    """Base and rise of a slice of known width, by least squares; None where the points lie on one stair."""
    curve = climbed(x, width)
    if curve.min() == curve.max():
        return None
    base, rise = _least_squares(curve[None], values, list(range(len(x))))[0][0].tolist()
    return base, rise


def _least_squares(curves: Floats, values: Floats, taken: list[int]) -> tuple[Floats, Floats]:
    """Base and rise of every candidate, shape (K, 2), and root mean square residuals relative to the values, shape (K,)."""
    seen, target = curves[:, taken], values[taken]
    centred = seen - seen.mean(axis=1, keepdims=True)
    squares = (centred**2).sum(axis=1)
    rise = centred @ target / np.where(squares > 0, squares, 1.0)
    base = target.mean() - rise * seen.mean(axis=1)
    residuals = target - base[:, None] - rise[:, None] * seen
    scale = max(float(np.abs(target).mean()), np.finfo(np.float64).tiny)
    return np.stack([base, rise], axis=1), np.sqrt((residuals**2).mean(axis=1)) / scale


def _next_point(x: Floats, curves: Floats, coefficients: Floats, alive: NDArray[np.bool_], taken: list[int]) -> int:
    """The point with the highest score: distance for lines; distinct levels, range and distance for staircases."""
    distance = np.abs(x[:, None] - x[taken]).min(axis=1)
    score = distance / max(float(distance.max()), 1.0)
    stairs = alive.copy()
    stairs[0] = False
    if stairs.any():
        predicted = coefficients[stairs, :1] + coefficients[stairs, 1:] * curves[stairs]
        levels = np.array(
            [len(set(column)) for column in np.round(predicted.T / max(np.abs(predicted).max(), EXACT), 3).tolist()]
        )
        span = np.ptp(predicted, axis=0)
        score = score + levels / levels.max() + span / max(float(span.max()), np.finfo(np.float64).tiny)
    score[taken] = -1.0
    return int(score.argmax())
