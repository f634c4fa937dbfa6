"""What names a layer at one point, and points on a range."""

from typing import Literal

import msgspec

Precision = Literal["fp32", "fp16"]
Dimensions = dict[str, int]


class Range(msgspec.Struct, frozen=True):
    """The whole numbers low, low + step, ... up to and including high."""

    low: int
    high: int
    step: int = 1

    def values(self) -> range:
        """Every number of the range, in order."""
        return range(self.low, self.high + 1, self.step)

    def __str__(self) -> str:
        return f"{self.low}:{self.high}" + (f":{self.step}" if self.step != 1 else "")


class Probe(msgspec.Struct, frozen=True):
    """One layer of one kind at one point.

    `dimensions` is complete (every dimension of the kind that has no default that follows another one) and ordered by the
    kind; `key` names the point in one line. `footprint` is how many MiB of weights a network has of which this is a layer:
    caches may keep few from one call to the next; 0 stands for more than they keep.
    """

    layer: str
    dimensions: Dimensions
    precision: Precision = "fp32"
    footprint: int = 0

    @property
    def key(self) -> str:
        """A text that two probes share exactly when they are the same point."""
        named = [f"{name}={value}" for name, value in sorted(self.dimensions.items())]
        within = [f"footprint={self.footprint}MiB"] if self.footprint else []
        return " ".join([self.layer, self.precision, *named, *within])
