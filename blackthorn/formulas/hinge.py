"""A line that begins at a knot: what lies beyond a cache, say, comes from slower memory, and what lies within it does not.

Where nothing of what passes through a cache in order stays in it, see `missed`.

Source: the hinge functions of Friedman, "Multivariate adaptive regression splines", Annals of Statistics 19, 1991.
"""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from blackthorn.errors import BadValue
from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.notation import Notation


def beyond(x: ArrayLike, knot: ArrayLike) -> Values:
    """max(0, x - knot), element by element."""
    return np.maximum(np.asarray(x, dtype=np.float64) - np.asarray(knot, dtype=np.float64), 0.0)


class Hinge(Node, frozen=True, tag="hinge"):
    """base + max(0, x - knot) * slope, x being the value of `dimension`; base and slope are formulas again."""

    dimension: str
    knot: int
    base: Formula
    slope: Formula

    own_numbers: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.knot < 1:
            raise BadValue(f"a hinge along {self.dimension} has its knot at {self.knot}", "use a knot of at least 1")

    def varying(self, point: Point) -> Values | float:
        return self.base.varying(point) + beyond(point[self.dimension], self.knot) * self.slope.varying(point)

    def render(self, notation: Notation, scale: float) -> str:
        return notation.write_sum(
            self.base.render(notation, scale),
            notation.hinge.format(name=notation.write_variable(self.dimension), knot=self.knot),
            self.slope.render(notation, scale),
            nested=bool(self.slope.children()),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.slope)

    def scaled(self, factor: float) -> "Hinge":
        return Hinge(self.dimension, self.knot, self.base.scaled(factor), self.slope.scaled(factor))
