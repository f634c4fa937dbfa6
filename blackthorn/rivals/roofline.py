"""The roofline (Williams, Waterman and Patterson, Communications of the ACM 52, 2009): a layer computes or waits for memory.

    seconds = max(MACs / rate of MACs, bytes / rate of bytes)

Both rates are fitted: which layers compute is tried at every place in the order of their intensity (MACs a byte), each rate
is the least-squares one, in relative error, of its own layers, and the best whole counts.
"""

from collections.abc import Iterator
from typing import ClassVar

import msgspec
import numpy as np

from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.timed_layers import TimedLayers


class Roof(msgspec.Struct, frozen=True):
    """Seconds that one multiply-accumulate and one byte take, at least one of them positive."""

    per_mac: float
    per_byte: float

    def seconds(self, macs: Floats, bytes_moved: Floats) -> Floats:
        """What layers of that work take, shape (n,)."""
        return np.maximum(self.per_mac * macs, self.per_byte * bytes_moved)

    def predict(self, layers: TimedLayers) -> Floats:
        return self.seconds(layers.macs, layers.bytes_moved)


class Roofline(msgspec.Struct, frozen=True):
    """Two rates for a class."""

    name: ClassVar[str] = "roofline"
    summary: ClassVar[str] = "the slower of computing and moving bytes, both rates fitted"

    def fit(self, layers: TimedLayers) -> Roof | CannotFit:
        return too_few(layers) or fit_roof(layers.macs, layers.bytes_moved, layers.seconds)


def fit_roof(macs: Floats, bytes_moved: Floats, seconds: Floats) -> Roof:
    """The roof with the least squared relative error, all arrays of shape (n,)."""
    return min(_roofs(macs, bytes_moved, seconds), key=lambda roof: misfit(roof.seconds(macs, bytes_moved), seconds))


def misfit(predicted: Floats, seconds: Floats) -> float:
    """Mean squared relative error."""
    return float(np.mean((predicted / seconds - 1.0) ** 2))


def _roofs(macs: Floats, bytes_moved: Floats, seconds: Floats) -> Iterator[Roof]:
    by_intensity = np.argsort(-macs / bytes_moved, kind="stable")
    for computing in range(len(seconds) + 1):
        first, rest = by_intensity[:computing], by_intensity[computing:]
        roof = Roof(_rate(macs[first] / seconds[first]), _rate(bytes_moved[rest] / seconds[rest]))
        if roof.seconds(macs, bytes_moved).all():
            yield roof


def _rate(work_per_second: Floats) -> float:
    """Seconds for a unit of work, by least squares of the relative error; 0 where there is no work."""
    squares = float(work_per_second @ work_per_second)
    return float(work_per_second.sum()) / squares if squares else 0.0
