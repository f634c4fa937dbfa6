"""Lines of points: those that differ in one dimension alone."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.points import Points

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]


def lines(points: Points, name: str) -> Iterator[Mask]:
    """The sets of points that differ in this dimension alone, the longest first."""
    others = [points.dimensions[other] for other in points.free() if other != name]
    if not others:
        yield np.ones(len(points), dtype=bool)
        return
    _, group, sizes = np.unique(np.stack(others), axis=1, return_inverse=True, return_counts=True)
    for largest in np.argsort(-sizes, kind="stable"):
        yield group.ravel() == largest


def thinned(values: Floats, inside: Mask, most: int) -> Mask:
    """At most `most` points of a line: half spread evenly, half in the logarithm, where steps show best.

    Args:
        values: of the dimension along the line, for all points.
        inside: the points of the line.
        most: how many to keep.
    """
    order = np.flatnonzero(inside)[np.argsort(values[inside], kind="stable")]
    if len(order) > most:
        even = np.linspace(0, len(order) - 1, most // 2).astype(int)
        logarithmic = np.geomspace(1, len(order), most // 2).astype(int) - 1
        order = order[np.union1d(even, logarithmic)]
    chosen = np.zeros(len(values), dtype=bool)
    chosen[order] = True
    return chosen


def without_crowds(points: Points, most: int) -> Points:
    """The points with every line thinned to `most`: a line that was measured densely must not outvote the space around it."""
    for name in points.free():
        kept = np.ones(len(points), dtype=bool)
        for line in lines(points, name):
            if line.sum() <= most:
                break
            kept &= ~line | thinned(points.dimensions[name], line, most)
        points = points.where(kept)
    return points
