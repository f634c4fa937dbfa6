"""A straight line along one dimension."""

import math
from typing import ClassVar

import numpy as np

from blackthorn.errors import BadValue
from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.hinge import beyond
from blackthorn.formulas.notation import Notation


class Linear(Node, frozen=True, tag="linear"):
    """base + max(0, x - offset) * slope, x being the value of `dimension`; base and slope are formulas again.

    What costs nothing is the offset: a kernel of 3 rows that is moved over an image with a row of padding at either end has
    2 rows of all its positions outside, so that x rows cost as much as x - 2/3 without padding.
    """

    dimension: str
    base: Formula
    slope: Formula
    offset: float = 0.0

    own_numbers: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if not 0.0 <= self.offset < math.inf:
            raise BadValue(f"a line along {self.dimension} begins at {self.offset}", "use an offset of 0 or more")

    def varying(self, point: Point) -> Values | float:
        x = beyond(point[self.dimension], self.offset) if self.offset else np.asarray(point[self.dimension], dtype=np.float64)
        return self.base.varying(point) + x * self.slope.varying(point)

    def render(self, notation: Notation, scale: float) -> str:
        return notation.write_sum(
            self.base.render(notation, scale),
            self._factor(notation),
            self.slope.render(notation, scale),
            nested=bool(self.slope.children()),
        )

    def _factor(self, notation: Notation) -> str:
        """What the slope is multiplied by; no dimension is less than 1, and so none is less than an offset up to 1."""
        name = notation.write_variable(self.dimension)
        if not self.offset:
            return name
        offset = notation.write_number(self.offset)
        if self.offset <= 1.0:
            return notation.beyond.format(name=name, offset=offset)
        return notation.hinge.format(name=name, knot=offset)

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.slope)

    def scaled(self, factor: float) -> "Linear":
        return Linear(self.dimension, self.base.scaled(factor), self.slope.scaled(factor), self.offset)
