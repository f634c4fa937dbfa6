"""What takes longer the less of it is found in a cache: by the share of all accesses that misses, whatever they are.

What passes through a cache in order pushes out what comes next, so that soon nothing is found in it, rather than what fits.
What a miss costs is no matter of bytes alone: rows may be short, or every block of filters fetch the image anew.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from blackthorn.errors import BadValue
from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.notation import Notation

FLOODED = 3.0
"""How many times as much as a cache keeps leaves nothing in it. Max pooling of 7 MiB took 0.009 ns a byte, of 18 MiB 0.027, and
of 245 MiB 0.026; over wide images, of 12 MiB 0.04 and from 35 MiB on 0.09."""
STEEPNESS = FLOODED / (FLOODED - 1.0)
"""How much of what lies beyond the knot misses, all that pushes out other data counted."""


def miss_ratio(x: ArrayLike, knot: ArrayLike) -> Values:
    """The share of x that misses a cache, element by element: 0 up to the knot, 1 from `FLOODED` times the knot on.

    In between x times the share grows in proportion to what lies beyond the knot.
    """
    kept = np.asarray(knot, dtype=np.float64)
    ratio: Values = np.minimum(STEEPNESS * (1.0 - kept / np.maximum(np.asarray(x, dtype=np.float64), kept)), 1.0)
    return ratio


class Missed(Node, frozen=True, tag="missed"):
    """base + miss_ratio(x, knot) * missed, x being the value of `dimension`; base and missed are formulas again.

    `missed` is what a layer takes longer of which nothing is found in the cache.
    """

    dimension: str
    knot: int
    base: Formula
    missed: Formula

    own_numbers: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.knot < 1:
            raise BadValue(f"a cache along {self.dimension} keeps {self.knot}", "use a knot of at least 1")

    def varying(self, point: Point) -> Values | float:
        return self.base.varying(point) + miss_ratio(point[self.dimension], self.knot) * self.missed.varying(point)

    def render(self, notation: Notation, scale: float) -> str:
        return notation.write_sum(
            self.base.render(notation, scale),
            notation.miss_ratio.format(name=notation.write_variable(self.dimension), knot=self.knot, steepness=STEEPNESS),
            self.missed.render(notation, scale),
            nested=bool(self.missed.children()),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.missed)

    def scaled(self, factor: float) -> "Missed":
        return Missed(self.dimension, self.knot, self.base.scaled(factor), self.missed.scaled(factor))
