"""A value that no dimension moves."""

import numpy as np

from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.notation import Notation


class Constant(Node, frozen=True, tag="constant"):
    """`value` seconds, whatever the dimensions."""

    value: float

    def evaluate(self, point: Point) -> Values:
        shape = next(filter(None, map(np.shape, point.values())), ())  # that of all arrays of a point
        return np.full(shape, self.value, dtype=np.float64)

    def render(self, notation: Notation, scale: float) -> str:
        return notation.write_number(self.value * scale)

    def children(self) -> tuple[Formula, ...]:
        return ()

    def scaled(self, factor: float) -> "Constant":
        return Constant(self.value * factor)
