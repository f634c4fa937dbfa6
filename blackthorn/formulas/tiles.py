"""Tiles along one dimension: a kernel takes whole tiles at once, and what they leave over in smaller pieces or one by one.

Vector kernels keep as many results as there are registers, six columns of an image, say; a convolution treats the columns
that touch the padding apart. So time falls where the last tile is full, which no staircase does.
"""

from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import ArrayLike

from blackthorn.errors import BadValue
from blackthorn.formulas.base import Formula, Node, Point, Values
from blackthorn.formulas.constant import Constant
from blackthorn.formulas.notation import Notation

NOTHING = Constant(0.0)


class Tiling(msgspec.Struct, frozen=True):
    """How the values of a dimension are taken.

    Attributes:
        width: of a whole tile.
        offset: values that are taken apart, before the first tile.
        piece: of what whole tiles leave over; less than a tile.
    """

    width: int
    offset: int
    piece: int

    def __post_init__(self) -> None:
        if not (self.width > self.piece >= 1 and self.offset >= 0):
            problem = f"tiles of {self.width} in pieces of {self.piece} from {self.offset} on are impossible"
            raise BadValue(problem, "use pieces of at least 1, wider tiles, and no negative offset")

    def whole(self, x: ArrayLike) -> Values:
        """floor((x - offset) / width): whole tiles, element by element."""
        return np.floor(self._tiled(x) / self.width)

    def pieces(self, x: ArrayLike) -> Values:
        """ceil(((x - offset) mod width) / piece): pieces that whole tiles leave over, element by element."""
        return np.ceil(np.mod(self._tiled(x), self.width) / self.piece)

    def _tiled(self, x: ArrayLike) -> Values:
        return np.maximum(np.asarray(x, dtype=np.float64) - self.offset, 0.0)


class Tiles(Node, frozen=True, tag="tiles"):
    """base + (whole tiles) * whole + (pieces left over) * piece, by the value of `dimension`; all three are formulas again."""

    dimension: str
    tiling: Tiling
    base: Formula
    whole: Formula
    piece: Formula

    own_numbers: ClassVar[int] = 3

    def varying(self, point: Point) -> Values | float:
        x, tiling = point[self.dimension], self.tiling
        tiles = tiling.whole(x) * self.whole.varying(point) + tiling.pieces(x) * self.piece.varying(point)
        return self.base.varying(point) + tiles

    def render(self, notation: Notation, scale: float) -> str:
        whole, pieces = self._factors(notation)
        written = self.base.render(notation, scale)
        for factor, formula in ((whole, self.whole), (pieces, self.piece)):
            if formula != NOTHING:
                written = notation.write_sum(written, factor, formula.render(notation, scale), nested=bool(formula.children()))
        return written

    def _factors(self, notation: Notation) -> tuple[str, str]:
        """How many whole tiles there are, and pieces; none of either up to the offset."""
        name, tiling = notation.write_variable(self.dimension), self.tiling
        beyond = notation.beyond.format(name=name, offset=tiling.offset) if tiling.offset else name
        whole = notation.tiles.format(beyond=beyond, width=tiling.width)
        template = notation.singles if tiling.piece == 1 else notation.pieces
        pieces = template.format(beyond=beyond, width=tiling.width, piece=tiling.piece, less=tiling.piece - 1)
        if not tiling.offset:
            return whole, pieces
        from_on = notation.from_on.format
        return (
            from_on(factor=whole, name=name, offset=tiling.offset),
            from_on(factor=pieces, name=name, offset=tiling.offset),
        )

    def children(self) -> tuple[Formula, ...]:
        return (self.base, self.whole, self.piece)

    def scaled(self, factor: float) -> "Tiles":
        base, whole, piece = (child.scaled(factor) for child in self.children())
        return Tiles(self.dimension, self.tiling, base, whole, piece)
