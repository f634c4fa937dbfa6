"""What formulas may speak of: the dimensions of layers, and what follows from them."""

import math
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache, partial

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas import Border
from blackthorn.layers.base import LayerKind
from blackthorn.records import BYTES_MOVED, OUTPUT_SIZES, POSITIONS, Dimensions, Precision


class Quantities(dict[str, NDArray[np.float64]]):
    """What formulas over layers of one kind may speak of, by name, each of shape (layers,), worked out when it is asked for.

    That is dimensions, also by the names that they have the second time, `BYTES_MOVED`, `POSITIONS` and `OUTPUT_SIZES`.

    Args:
        kind: the kind of all of them.
        precision: their number format.
        layers: their dimensions, at least those that are asked for.

    Raises:
        KeyError: on asking for what a layer does not have.
    """

    def __init__(self, kind: LayerKind, precision: Precision, layers: Sequence[Dimensions]) -> None:
        super().__init__()
        self._kind, self._precision, self._layers = kind, precision, layers

    def __missing__(self, name: str) -> NDArray[np.float64]:
        if name in _FOLLOWING:
            follows = _FOLLOWING[name]
            values = [follows(self._kind, self._precision, tuple(layer.items())) for layer in self._layers]
        else:
            dimension = self._kind.repeated.get(name, name)
            values = [layer[dimension] for layer in self._layers]
        found = self[name] = np.array(values, dtype=np.float64)
        return found


class Vocabulary(msgspec.Struct, frozen=True):
    """What the formulas of a class of layers speak of.

    Attributes:
        free: the dimensions that its layers differ in, the outermost first, or `POSITIONS` in the place of an image's sizes, or
            `OUTPUT_SIZES` in the place of each; those that count twice once more, by their second names.
        derived: what follows from these and parts regimes only: bytes moved, which along one alone say what it says.
        borders: of those of `free` that a window slides along.
    """

    free: tuple[str, ...]
    derived: tuple[str, ...]
    borders: Mapping[str, Border]

    @property
    def merged(self) -> tuple[str, ...]:
        """Those of `free` that stand in the place of several dimensions."""
        return tuple(name for name in self.free if name == POSITIONS)

    @property
    def following(self) -> tuple[str, ...]:
        """Those of `free` that are no dimensions of layers, but follow from these."""
        return tuple(name for name in self.free if name in _FOLLOWING)


def vocabulary(kind: LayerKind, moved: Sequence[str], fixed: Mapping[str, int]) -> Vocabulary:
    """What formulas over layers that differ in the dimensions `moved` speak of.

    Args:
        kind: of the layers.
        moved: the outermost first.
        fixed: what they share.
    """
    flat = kind.flattened(fixed)
    if flat and set(flat) <= set(moved):
        free = [*(name for name in moved if name not in flat), POSITIONS]
    else:
        by_result = kind.by_result(fixed)
        free = [OUTPUT_SIZES[name] if name in by_result else name for name in moved]
    again = [name for name, dimension in kind.repeated.items() if dimension in moved]
    borders = {name: border for name, border in kind.borders(fixed).items() if name in free}
    return Vocabulary((*free, *again), (BYTES_MOVED,) if len(free) > 1 else (), borders)


_Values = tuple[tuple[str, int], ...]
"""The dimensions of a layer as what can be looked up: networks hold the same layers again and again."""


@lru_cache(maxsize=4096)
def _bytes_moved(kind: LayerKind, precision: Precision, dimensions: _Values) -> int:
    return kind.bytes_moved(dict(dimensions), precision)


@lru_cache(maxsize=4096)
def _result_sizes(kind: LayerKind, dimensions: _Values) -> tuple[int, ...]:
    return kind.result_sizes(dict(dimensions))


def _positions(kind: LayerKind, _: Precision, dimensions: _Values) -> int:
    return math.prod(_result_sizes(kind, dimensions))


def _output_size(place: int, kind: LayerKind, _: Precision, dimensions: _Values) -> int:
    return _result_sizes(kind, dimensions)[place]


_PLACES = {"length": -1, "depth": -3, "height": -2, "width": -1}
"""Where each size stands among those of a result, from the last on."""
_FOLLOWING: Mapping[str, Callable[[LayerKind, Precision, _Values], int]] = {
    BYTES_MOVED: _bytes_moved,
    POSITIONS: _positions,
    **{output: partial(_output_size, _PLACES[size]) for size, output in OUTPUT_SIZES.items()},
}
"""How what follows from the dimensions of a layer is worked out."""
