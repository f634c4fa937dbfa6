"""Interpolation between measured points: what a table of timings can tell without any idea of the hardware.

Linear between points in the logarithms of dimensions and time, over the triangulation of the points (scipy); outside of
them, and where points on one line or plane have no triangulation, the nearest point's time.
"""

from typing import Any, ClassVar

import msgspec
import numpy as np

from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.timed_layers import TimedLayers


class Table(msgspec.Struct, frozen=True):
    """Measured points: logarithms of the named dimensions, shape (n, names), and of seconds, shape (n,).

    `triangles` is scipy's triangulation of them; None where there is none.
    """

    names: tuple[str, ...]
    places: Floats
    seconds: Floats
    triangles: Any

    def predict(self, layers: TimedLayers) -> Floats:
        asked = _places(layers, self.names)
        if len(self.names) == 1:
            order = np.argsort(self.places[:, 0])
            along = np.interp(asked[:, 0], self.places[order, 0], self.seconds[order])
            return np.asarray(np.exp(along))
        nearest = np.square(asked[:, None] - self.places[None]).sum(axis=2).argmin(axis=1)
        found = self.seconds[nearest]
        if self.triangles is not None:
            from scipy.interpolate import LinearNDInterpolator

            between = LinearNDInterpolator(self.triangles, self.seconds)(asked)
            found = np.where(np.isnan(between), found, between)
        return np.asarray(np.exp(found))


class DenseGrid(msgspec.Struct, frozen=True):
    """A table, as dense as the points that there are."""

    name: ClassVar[str] = "dense-grid"
    summary: ClassVar[str] = "interpolation between the measured points, in logarithms"

    def fit(self, layers: TimedLayers) -> Table | CannotFit:
        return too_few(layers) or _fitted(layers)


def _fitted(layers: TimedLayers) -> Table:
    names = layers.independent()
    places = _places(layers, names)
    return Table(names, places, np.log(layers.seconds), _triangles(places))


def _places(layers: TimedLayers, names: tuple[str, ...]) -> Floats:
    """Where layers stand, shape (n, names)."""
    return np.log2(np.stack([layers.dimensions[name] for name in names], axis=1)) if names else np.zeros((len(layers), 0))


def _triangles(places: Floats) -> Any:
    from scipy.spatial import Delaunay, QhullError

    if places.shape[1] < 2:
        return None
    try:
        return Delaunay(places)
    except QhullError:  # too few points, or all of them on one line or plane
        return None
