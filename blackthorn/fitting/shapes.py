"""How time depends on one dimension, its coefficients left open: leaves of lines, stairs, and tiles, parted by conditions.

A shape is the skeleton of a formula. `Leaf` stands for the sum of a constant, what a `border` costs where there is one, a line
(where `linear`), one staircase for each of `widths`, a line from each of `knots` on, a share that misses a cache for each of
`misses`, and where there is a `tiling` whole tiles and the pieces that they leave over; `Split` for two shapes and the
condition between them. Filled with coefficients, which may themselves have a shape in the next dimension, a shape becomes
`Constant`, `AtBorder`, `Linear`, `Step`, `Hinge`, `Missed`, `Tiles` and `Switch` nodes.
"""

from collections.abc import Iterator
from typing import Literal, get_args

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas import Border, Condition, Tiling
from blackthorn.formulas.hinge import beyond
from blackthorn.formulas.missed import miss_ratio
from blackthorn.formulas.step import steps_climbed

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Bend = Literal["knots", "misses"]
"""What happens from some number of a dimension on, by the field of a leaf that holds the number."""
BENDS: tuple[Bend, ...] = get_args(Bend)


class Leaf(msgspec.Struct, frozen=True, tag_field="kind", tag="leaf"):
    """A constant, a line where `linear`, a staircase of each width, and where there is a tiling its tiles and pieces.

    From each of `knots` on there is a line more: memory beyond a cache is slower, whatever the layer does with it, so that
    what lies beyond a knot is added to the products of all other functions and multiplied by none. From each of `misses` on
    ever more of all that is fetched misses a cache: that share is multiplied with what fetching takes, products of other
    dimensions (see `formulas.missed`). The line begins at `offset`: what lies before costs nothing. Where there is a border,
    it ends where the line and the tiles begin.

    In products with functions of other dimensions stairs count blocks, the first one too: work is so many blocks times all
    else. Where it `climbs` they count steps there as well, so that the first block may cost less than another.
    """

    widths: tuple[int, ...] = ()
    linear: bool = False
    tiling: Tiling | None = None
    knots: tuple[int, ...] = ()
    offset: float = 0.0
    climbs: bool = False
    border: Border | None = None
    misses: tuple[int, ...] = ()

    def columns(self, x: Floats) -> Floats:
        """The functions that the leaf adds up, at x: shape (terms, len(x)), the constant first."""
        columns = np.ones((self.terms(), len(x)))
        if self.border is not None:
            columns[1] = self.border.within(x)
        if self.linear:
            columns[self.stairs().start - 1] = beyond(x, self.offset) if self.offset else x
        if self.widths:
            columns[self.stairs()] = steps_climbed(x, np.array(self.widths)[:, None])
        if self.tiling is not None:
            columns[-2:] = self.tiling.whole(x), self.tiling.pieces(x)
        if self.knots:
            columns[self.hinges()] = beyond(x, np.array(self.knots)[:, None])
        if self.misses:
            columns[self.ratios()] = miss_ratio(x, np.array(self.misses)[:, None])
        return columns

    def stairs(self) -> slice:
        """Where the staircases stand among `columns`."""
        first = 1 + (self.border is not None) + self.linear
        return slice(first, first + len(self.widths))

    def counting(self) -> range:
        """Which of `columns` are stairs that count blocks in products."""
        return range(0) if self.climbs else range(self.stairs().start, self.stairs().stop)

    def hinges(self) -> slice:
        """Where the lines from the knots on stand among `columns`."""
        first = self.stairs().stop
        return slice(first, first + len(self.knots))

    def ratios(self) -> slice:
        """Where the shares that miss stand among `columns`: after the `hinges`."""
        first = self.hinges().stop
        return slice(first, first + len(self.misses))

    def bends(self) -> tuple[tuple[int, Bend], ...]:
        """All knots and of which sort each is, in the order of `hinges` and `ratios`."""
        return tuple((knot, sort) for sort in BENDS for knot in getattr(self, sort))

    def moves(self) -> bool:
        """Whether layers do more or less work along the dimension, memory left aside."""
        return self.terms() > 1 + len(self.bends())

    def terms(self) -> int:
        """How many functions `columns` gives."""
        before_tiles: int = self.ratios().stop
        return before_tiles + 2 * (self.tiling is not None)


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


def conditions(shape: Shape) -> Iterator[Condition]:
    """The conditions of a shape: before those of its sides its own, and those of the `then` side first."""
    if isinstance(shape, Split):
        yield shape.condition
        yield from conditions(shape.then)
        yield from conditions(shape.otherwise)


def with_conditions(shape: Shape, others: Iterator[Condition]) -> Shape:
    """The shape with other conditions in place of its own, taken from `others` in the order of `conditions`."""
    if isinstance(shape, Leaf):
        return shape
    return Split(next(others), with_conditions(shape.then, others), with_conditions(shape.otherwise, others))


def with_leaf(shape: Shape, place: int, leaf: Leaf) -> Shape:
    """The shape with another leaf in place of its leaf number `place` (in the order of `leaves`)."""
    if isinstance(shape, Leaf):
        return leaf
    before = sum(1 for _ in leaves(shape.then))
    if place < before:
        return Split(shape.condition, with_leaf(shape.then, place, leaf), shape.otherwise)
    return Split(shape.condition, shape.then, with_leaf(shape.otherwise, place - before, leaf))


def split_leaf(shape: Shape, place: int, condition: Condition) -> Shape:
    """The shape with its leaf number `place` (in the order of `leaves`) parted by a condition into two of its kind."""
    if isinstance(shape, Leaf):
        return Split(condition, shape, shape)
    before = sum(1 for _ in leaves(shape.then))
    if place < before:
        return Split(shape.condition, split_leaf(shape.then, place, condition), shape.otherwise)
    return Split(shape.condition, shape.then, split_leaf(shape.otherwise, place - before, condition))
