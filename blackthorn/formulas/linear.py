"""A straight line along one dimension."""

from typing import ClassVar

import numpy as np

from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.notation import Notation


class Linear(Node, frozen=True, tag="linear"):
    """base + x * slope, x being the value of `dimension`; base and slope are formulas again."""

    dimension: str
    base: Formula
    slope: Formula

    own_numbers: ClassVar[int] = 0

    def varying(self, point: Point) -> Values | float:
        x = np.asarray(point[self.dimension], dtype=np.float64)
        return self.base.varying(point) + x * self.slope.varying(point)

    def render(self, notation: Notation, scale: float) -> str:
        return notation.write_sum(
            self.base.render(notation, scale),
            notation.write_variable(self.dimension),
            self.slope.render(notation, scale),
            nested=bool(self.slope.children()),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.slope)

    def scaled(self, factor: float) -> "Linear":
        return Linear(self.dimension, self.base.scaled(factor), self.slope.scaled(factor))
