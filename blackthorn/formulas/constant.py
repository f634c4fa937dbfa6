"""A value that no dimension moves."""

from blackthorn.formulas.base import Formula, Node, Point
from blackthorn.formulas.notation import Notation


class Constant(Node, frozen=True, tag="constant"):
    """`value` seconds, whatever the dimensions."""

    value: float

    def varying(self, point: Point) -> float:  # noqa: ARG002 (nothing moves it)
        return self.value

    def render(self, notation: Notation, scale: float) -> str:
        return notation.write_number(self.value * scale)

    def children(self) -> tuple[Formula, ...]:
        return ()

    def scaled(self, factor: float) -> "Constant":
        return Constant(self.value * factor)
