"""A staircase along one dimension: hardware works in blocks of `width`, and a block begun is a block paid."""

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike

from blackthorn.errors import BadValue
from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.notation import Notation


def steps_climbed(x: ArrayLike, width: ArrayLike) -> Values:
    """floor((x - 1) / width): how many whole blocks lie below x (Lechner and Jantsch 2021, the step function)."""
    return np.floor((np.asarray(x, dtype=np.float64) - 1.0) / np.asarray(width, dtype=np.float64))


class Step(Node, frozen=True, tag="step"):
    """base + floor((x - 1) / width) * height, x being the value of `dimension`; base and height are formulas again."""

    dimension: str
    width: int
    base: Formula
    height: Formula

    own_numbers: ClassVar[int] = 1

    def __post_init__(self) -> None:
        if self.width < 1:
            raise BadValue(f"a step along {self.dimension} has width {self.width}", "use a width of at least 1")

    def varying(self, point: Point) -> Values | float:
        return self.base.varying(point) + steps_climbed(point[self.dimension], self.width) * self.height.varying(point)

    def render(self, notation: Notation, scale: float) -> str:
        variable = notation.write_variable(self.dimension)
        return notation.write_sum(
            self.base.render(notation, scale),
            notation.steps.format(name=variable, width=self.width),
            self.height.render(notation, scale),
            nested=bool(self.height.children()),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.height)

    def scaled(self, factor: float) -> "Step":
        return Step(self.dimension, self.width, self.base.scaled(factor), self.height.scaled(factor))
