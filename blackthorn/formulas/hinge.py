"""A line that begins at a knot: what lies beyond a cache, say, comes from slower memory, and what lies within it does not.

Source: the hinge functions of Friedman, "Multivariate adaptive regression splines", Annals of Statistics 19, 1991.
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


def beyond(x: ArrayLike, knot: ArrayLike) -> Values:
    """max(0, x - knot), element by element."""
    return np.maximum(np.asarray(x, dtype=np.float64) - np.asarray(knot, dtype=np.float64), 0.0)


def flooding(x: ArrayLike, knot: ArrayLike) -> Values:
    """What misses a cache, element by element: nothing up to the knot, all of x from `FLOODED` times the knot on.

    What passes through a cache in order pushes out what comes next, so that soon nothing is found in it, rather than what fits.
    """
    return np.minimum(beyond(x, knot) * (FLOODED / (FLOODED - 1.0)), np.asarray(x, dtype=np.float64))


def within_knots(formula: Formula) -> Formula:
    """The formula without what lies beyond any knot."""
    assert isinstance(formula, Node)
    fields = {name: getattr(formula, name) for name in formula.__struct_fields__}
    fields = {name: within_knots(value) if isinstance(value, Formula) else value for name, value in fields.items()}
    return fields["base"] if isinstance(formula, Hinge) else type(formula)(**fields)


class Hinge(Node, frozen=True, tag="hinge"):
    """base + max(0, x - knot) * slope, x being the value of `dimension`; base and slope are formulas again.

    Where it floods, base + `flooding`(x, knot) * slope.
    """

    dimension: str
    knot: int
    base: Formula
    slope: Formula
    floods: bool = False

    own_numbers: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.knot < 1:
            raise BadValue(f"a hinge along {self.dimension} has its knot at {self.knot}", "use a knot of at least 1")

    def varying(self, point: Point) -> Values | float:
        counted = (flooding if self.floods else beyond)(point[self.dimension], self.knot)
        return self.base.varying(point) + counted * self.slope.varying(point)

    def render(self, notation: Notation, scale: float) -> str:
        template = notation.flood if self.floods else notation.hinge
        return notation.write_sum(
            self.base.render(notation, scale),
            template.format(name=notation.write_variable(self.dimension), knot=self.knot, times=FLOODED / (FLOODED - 1.0)),
            self.slope.render(notation, scale),
            nested=bool(self.slope.children()),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.slope)

    def scaled(self, factor: float) -> "Hinge":
        return Hinge(self.dimension, self.knot, self.base.scaled(factor), self.slope.scaled(factor), self.floods)
