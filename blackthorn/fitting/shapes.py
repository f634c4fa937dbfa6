"""How time depends on one dimension, its coefficients left open: leaves of line and stairs, parted by conditions.

A shape is the skeleton of a formula. `Leaf` stands for the sum of a constant, a line (where `linear`) and one staircase for
each of `widths`; `Split` for two shapes and the condition between them. Filled with coefficients, which may themselves
have a shape in the next dimension, a shape becomes `Constant`, `Linear`, `Step` and `Switch` nodes.
"""

from collections.abc import Iterator

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas import Condition
from blackthorn.formulas.step import steps_climbed

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Leaf(msgspec.Struct, frozen=True, tag_field="kind", tag="leaf"):
    """A constant, a line where `linear`, and a staircase of each width."""

    widths: tuple[int, ...] = ()
    linear: bool = False

    def columns(self, x: Floats) -> Floats:
        """The functions that the leaf adds up, at x: shape (terms, len(x)), the constant first."""
        columns = np.ones((self.terms(), len(x)))
        if self.linear:
            columns[1] = x
        if self.widths:
            columns[1 + self.linear :] = steps_climbed(x, np.array(self.widths)[:, None])
        return columns

    def terms(self) -> int:
        """How many functions `columns` gives."""
        return 1 + self.linear + len(self.widths)


class Split(msgspec.Struct, frozen=True, tag_field="kind", tag="split"):
    """One shape where the condition holds and another elsewhere."""

    condition: Condition
    then: "Shape"
    otherwise: "Shape"


Shape = Leaf | Split

CONSTANT = Leaf()
LINE = Leaf(linear=True)


def leaves(shape: Shape) -> Iterator[Leaf]:
    """The leaves of a shape, the `then` side first."""
    if isinstance(shape, Leaf):
        yield shape
    else:
        yield from leaves(shape.then)
        yield from leaves(shape.otherwise)


def regimes(shape: Shape, x: Floats) -> list[Mask]:
    """For every leaf, in the order of `leaves`, the x that belong to it: a partition."""
    if isinstance(shape, Leaf):
        return [np.ones(np.shape(x), dtype=bool)]
    holds = shape.condition.holds(x)
    inside = [holds & mask for mask in regimes(shape.then, x)]
    return inside + [~holds & mask for mask in regimes(shape.otherwise, x)]


def split_leaf(shape: Shape, place: int, condition: Condition) -> Shape:
    """The shape with its leaf number `place` (in the order of `leaves`) parted by a condition into two of its kind."""
    if isinstance(shape, Leaf):
        return Split(condition, shape, shape)
    before = sum(1 for _ in leaves(shape.then))
    if place < before:
        return Split(shape.condition, split_leaf(shape.then, place, condition), shape.otherwise)
    return Split(shape.condition, shape.then, split_leaf(shape.otherwise, place - before, condition))
