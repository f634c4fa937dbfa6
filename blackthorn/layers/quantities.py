"""What formulas may speak of: the dimensions of layers, and what follows from them."""

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from blackthorn.layers.base import LayerKind
from blackthorn.records import BYTES_MOVED, Dimensions, Precision


class Quantities(dict[str, NDArray[np.float64]]):
    """Dimensions of layers of one kind and `BYTES_MOVED`, by name, each of shape (layers,), worked out when they are asked for.

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
        if name == BYTES_MOVED:
            values = [_bytes_moved(self._kind, self._precision, tuple(layer.items())) for layer in self._layers]
        else:
            values = [layer[name] for layer in self._layers]
        found = self[name] = np.array(values, dtype=np.float64)
        return found


def following(dimensions: Sequence[str]) -> tuple[str, ...]:
    """What formulas over these dimensions may speak of beside them: bytes moved, which along one alone say what it says."""
    return (BYTES_MOVED,) if len(dimensions) > 1 else ()


@lru_cache(maxsize=4096)
def _bytes_moved(kind: LayerKind, precision: Precision, dimensions: tuple[tuple[str, int], ...]) -> int:
    """Bytes that a layer moves, remembered: networks hold the same layers again and again."""
    return kind.bytes_moved(dict(dimensions), precision)
