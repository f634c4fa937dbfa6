"""Measured points as arrays: what formulas are fitted to."""

from collections.abc import Iterable, Mapping
from functools import cached_property

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas import Border

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


class Points(msgspec.Struct, frozen=True, dict=True):
    """Measured points, each array of shape (n,).

    Attributes:
        dimensions: values by name.
        seconds: what was measured.
        reported_noise: relative error that the measurements claim.
        weights: how much each counts, 0 to 1.
        derived: those dimensions that follow from the others, as the bytes moved do: they part regimes and do nothing else.
        merged: those that are products of sizes, as positions are: blocks of them have a part in kernels, multiples of a number
            have no kernel of their own, though all points on lines through powers of two may look like it.
        borders: of those dimensions that a window slides along.
    """

    dimensions: dict[str, Floats]
    seconds: Floats
    reported_noise: float
    weights: Floats
    derived: tuple[str, ...] = ()
    merged: tuple[str, ...] = ()
    borders: Mapping[str, Border] = {}

    def __len__(self) -> int:
        return len(self.seconds)

    @cached_property
    def as_bytes(self) -> dict[str, bytes]:
        """The values of each dimension as what can be looked up."""
        return {name: values.tobytes() for name, values in self.dimensions.items()}

    def free(self) -> tuple[str, ...]:
        """The dimensions that do not follow from others."""
        return tuple(name for name in self.dimensions if name not in self.derived)

    def where(self, mask: Mask) -> "Points":
        """The points in `mask`."""
        dimensions = {name: values[mask] for name, values in self.dimensions.items()}
        return msgspec.structs.replace(self, dimensions=dimensions, seconds=self.seconds[mask], weights=self.weights[mask])

    def ordered(self, names: Iterable[str]) -> "Points":
        """The same points, their dimensions in this order."""
        return msgspec.structs.replace(self, dimensions={name: self.dimensions[name] for name in names})
