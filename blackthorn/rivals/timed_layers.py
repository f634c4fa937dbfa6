"""Timed layers of one class as arrays: the one place where rivals meet the sweeps, through the functions that `fit` uses."""

from collections.abc import Iterable
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.class_formula import points_of
from blackthorn.fitting.classes import LayerClass
from blackthorn.layers import layer_kind

Floats = NDArray[np.float64]
Work = Literal["macs", "bytes_moved"]
"""What a layer does, counted: times are stated per one of these."""


class TimedLayers(msgspec.Struct, frozen=True):
    """Layers of one class with their timings, each array of shape (n,).

    Attributes:
        group: the class, with these layers' measurements in this order.
        dimensions: values of the swept dimensions, by name.
        macs: multiply-accumulates, all zero for kinds that have none.
        bytes_moved: bytes of input, weights and output.
        seconds: what was measured, at full speed.
    """

    group: LayerClass
    dimensions: dict[str, Floats]
    macs: Floats
    bytes_moved: Floats
    seconds: Floats

    def __len__(self) -> int:
        return len(self.seconds)

    def at(self, places: Iterable[int]) -> "TimedLayers":
        """The layers at these places, in this order."""
        measurements = tuple(self.group.measurements[place] for place in places)
        return timed_layers(msgspec.structs.replace(self.group, measurements=measurements))

    def work(self, unit: Work) -> Floats:
        """How much of a unit each layer does."""
        return self.macs if unit == "macs" else self.bytes_moved

    def works(self) -> tuple[Work, ...]:
        """The units in which these layers' work can be counted, the most telling first."""
        return ("macs", "bytes_moved") if self.macs.all() else ("bytes_moved",)

    def independent(self) -> tuple[str, ...]:
        """The dimensions that differ between these layers, without those that repeat another one (width = height)."""
        kept: dict[bytes, str] = {}
        for name, values in self.dimensions.items():
            if len(set(values)) > 1:
                kept.setdefault(values.tobytes(), name)
        return tuple(kept.values())


def timed_layers(group: LayerClass) -> TimedLayers:
    """The measurements of a class as rivals see them.

    Args:
        group: any number of measurements.
    """
    points = points_of(group)
    kind = layer_kind(group.layer)
    layers = [measurement.probe.dimensions for measurement in group.measurements]
    return TimedLayers(
        group=group,
        dimensions={name: points.dimensions[name] for name in points.free()},
        macs=np.array([kind.macs(layer) for layer in layers], dtype=np.float64),
        bytes_moved=np.array([kind.bytes_moved(layer, group.precision) for layer in layers], dtype=np.float64),
        seconds=points.seconds,
    )
