"""What a formula leaves unexplained near measured layers, as a smooth function of a layer's dimensions.

A kernel model (Gaussian process regression) of the logarithm of measured over predicted time: layers near a measured one, by
the logarithms of their dimensions, are off by about as much; far from all of them it is 0.

Source: Rasmussen and Williams, "Gaussian Processes for Machine Learning", 2006, equations 2.25 (the mean) and 4.17 (the
Matern kernel for nu = 5/2).
"""

from collections.abc import Sequence
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas.base import Point

Floats = NDArray[np.float64]

NO_DIVISOR = 1
"""Divides every number: aligned values are not told apart."""
APART = 2.0
"""How far a value that is divisible lies from one that is not, in octaves: two like them need not be off alike."""


class GaussianProcess(msgspec.Struct, frozen=True, dict=True):
    """The mean of a Gaussian process, given what was measured.

    Attributes:
        dimensions: the dimensions that it looks at, d of them.
        divisor: values divisible by it are told apart from others; 1 where they are not.
        lengths: octaves of each dimension over which errors stay alike.
        points: the measured layers, each by its d dimensions.
        weights: what each of them adds at its own place.
    """

    dimensions: tuple[str, ...]
    divisor: int
    lengths: tuple[float, ...]
    points: tuple[tuple[int, ...], ...]
    weights: tuple[float, ...]

    def logarithm(self, point: Point) -> Floats:
        """Logarithms of measured over predicted time at arrays of points, shape (n,).

        Raises:
            KeyError: a dimension is not in `point`.
        """
        there = places([np.atleast_1d(point[name]) for name in self.dimensions], self.lengths, self.divisor)
        mean: Floats = nearness(there, self._known) @ self._weights
        return mean

    @cached_property
    def _known(self) -> Floats:
        return places(np.array(self.points, dtype=np.float64).T, self.lengths, self.divisor)

    @cached_property
    def _weights(self) -> Floats:
        return np.array(self.weights)


def places(dimensions: Sequence[Floats] | Floats, lengths: Sequence[float], divisor: int = NO_DIVISOR) -> Floats:
    """Where layers lie for the kernel: logarithms of their dimensions to base 2, then which are divisible; shape (n, d or 2 d).

    Args:
        dimensions: d arrays of shape (n,).
        lengths: octaves of each dimension that count as one.
        divisor: 1 where it is all the same which are divisible.
    """
    values, units = np.array(dimensions, dtype=np.float64), np.array(lengths)[:, None]
    rows = [np.log2(values) / units]
    if divisor != NO_DIVISOR:
        rows.append(APART / units * (values % divisor == 0))
    return np.concatenate(rows).T


def nearness(there: Floats, known: Floats) -> Floats:
    """The Matern kernel for nu = 5/2 between places of shape (n, k) and (m, k), shape (n, m): 1 at no distance, 0 far away."""
    squared = np.zeros((len(there), len(known)))
    for one, other in zip(there.T, known.T, strict=True):
        squared += np.subtract.outer(one, other) ** 2
    distance = np.sqrt(5.0 * squared)
    alike: Floats = (1.0 + distance + distance**2 / 3.0) * np.exp(-distance)
    return alike
