"""The border of an image, where a window covers padding: its positions cost by what they cover of the image, and by no tile.

A kernel of 7 columns with 3 of padding at either end is at the border at 6 positions of every row, and covers 30 sevenths of a
window there. ONNX Runtime takes such positions one by one, at twice the cost of others and more, and a row of 6 has no others.
"""

from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from blackthorn.errors import BadValue
from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.hinge import beyond
from blackthorn.formulas.notation import Notation


class Border(msgspec.Struct, frozen=True):
    """The border that a window has along a dimension, both ends together.

    Attributes:
        until: its positions; a size up to this one has no others.
        outside: of so many windows as it has positions, as many as lie in the padding; less than `until`.
    """

    until: int
    outside: float

    def __post_init__(self) -> None:
        if not 0.0 <= self.outside < self.until:
            problem = f"a border of {self.until} positions, {self.outside:g} windows of them outside, is impossible"
            raise BadValue(problem, "use fewer windows outside than there are positions")

    def within(self, x: ArrayLike) -> Values:
        """max(0, min(x, until) - outside): windows' worth of the image covered at the border, element by element."""
        return beyond(np.minimum(np.asarray(x, dtype=np.float64), self.until), self.outside)


class AtBorder(Node, frozen=True, tag="border"):
    """base + (windows within the image at the border) * slope, by the value of `dimension`; both are formulas again."""

    dimension: str
    border: Border
    base: Formula
    slope: Formula

    own_numbers: ClassVar[int] = 2

    def varying(self, point: Point) -> Values | float:
        return self.base.varying(point) + self.border.within(point[self.dimension]) * self.slope.varying(point)

    def render(self, notation: Notation, scale: float) -> str:
        name, outside = notation.write_variable(self.dimension), notation.write_number(self.border.outside)
        return notation.write_sum(
            self.base.render(notation, scale),
            notation.border.format(name=name, until=self.border.until, outside=outside),
            self.slope.render(notation, scale),
            nested=bool(self.slope.children()),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.slope)

    def scaled(self, factor: float) -> "AtBorder":
        return AtBorder(self.dimension, self.border, self.base.scaled(factor), self.slope.scaled(factor))
