"""Two formulas and the condition that chooses between them: the runtime takes another kernel."""

from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from blackthorn.errors import BadValue
from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.notation import Notation


class AtMost(msgspec.Struct, frozen=True, tag_field="kind", tag="at_most"):
    """Holds where x <= threshold: a small size has a kernel of its own, or a cache is exceeded above."""

    threshold: int

    def holds(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Where the condition holds, element by element."""
        return np.less_equal(x, self.threshold)

    def render(self, notation: Notation, variable: str) -> str:
        """The condition in a notation."""
        return notation.at_most.format(name=variable, threshold=self.threshold)


class DivisibleBy(msgspec.Struct, frozen=True, tag_field="kind", tag="divisible_by"):
    """Holds where x is a multiple of divisor: aligned sizes take the vectorised kernel."""

    divisor: int

    def __post_init__(self) -> None:
        if self.divisor < 1:
            raise BadValue(f"a switch has the divisor {self.divisor}", "use a divisor of at least 1")

    def holds(self, x: ArrayLike) -> NDArray[np.bool_]:
        """Where the condition holds, element by element."""
        return np.equal(np.mod(x, self.divisor), 0)

    def render(self, notation: Notation, variable: str) -> str:
        """The condition in a notation."""
        return notation.divisible.format(name=variable, divisor=self.divisor)


Condition = AtMost | DivisibleBy


class Switch(Node, frozen=True, tag="switch"):
    """`then` where the condition holds for the value of `dimension`, `otherwise` elsewhere."""

    dimension: str
    condition: Condition
    then: Formula
    otherwise: Formula

    own_numbers: ClassVar[int] = 1

    def varying(self, point: Point) -> Values | float:
        holds = self.condition.holds(point[self.dimension])
        return np.where(holds, self.then.varying(point), self.otherwise.varying(point))

    def render(self, notation: Notation, scale: float) -> str:
        variable = notation.write_variable(self.dimension)
        return notation.switch.format(
            condition=self.condition.render(notation, variable),
            then=self.then.render(notation, scale),
            otherwise=self.otherwise.render(notation, scale),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.then, self.otherwise)

    def scaled(self, factor: float) -> "Switch":
        return Switch(self.dimension, self.condition, self.then.scaled(factor), self.otherwise.scaled(factor))
