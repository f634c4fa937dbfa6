"""Which shapes are worth trying along a dimension before any structure is known.

Points that differ in one dimension alone form slices, and these propose shapes (`slices`). Where no points lie on a line,
usual ones are proposed: blocks as wide as vector registers, kernels for what is aligned to them, and thresholds.
"""

import math
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.cells import Shapes
from blackthorn.fitting.lines import lines, thinned
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Shape, Split
from blackthorn.fitting.slices import Search, explain
from blackthorn.formulas import AtMost, Border, DivisibleBy

Floats = NDArray[np.float64]

FEWEST_IN_SLICE = 5
MOST_IN_SLICE = 128
"""Points of a slice that propose shapes; all points judge them."""
SHAPES_OF_SLICE = 4
MOST_THRESHOLDS = 8
FEWEST_BESIDE = 4
"""Points on either side of what parts them."""
USUAL_WIDTHS = (4, 8, 16, 32)
"""Tried where no slice tells."""
ALIGNED = 16
"""A dimension that was measured in multiples of this, or of more, is aligned everywhere."""
STRIDE = 2
"""Layers of this stride do as much work for every other size as for the next."""
GROUP = 4
"""Blocks that a kernel usually takes together."""


def proposals(points: Points, name: str) -> Iterator[Shape]:
    """Shapes worth trying along a dimension, the likeliest first."""
    values = points.dimensions[name]
    if name in points.derived:
        yield CONSTANT
        yield from (Split(threshold, CONSTANT, CONSTANT) for threshold in thresholds(values, 0, len(values)))
        return
    if values.min() == values.max():
        yield LINE if len(points.free()) > 1 else CONSTANT
        return
    if name not in points.merged:
        yield from _by_slices(points, name)
    yield from (*padded(points, name), *bordered(points, name), LINE, CONSTANT, *usual_stairs(values))
    if name not in points.merged:
        yield from _blocks_within(values)
    if len(points.free()) > 1:
        yield from (Split(threshold, LINE, LINE) for threshold in thresholds(values, 0, len(values)))


def _by_slices(points: Points, name: str) -> Iterator[Shape]:
    """What explains the longest line of points that differ in this dimension alone: shorter ones say nothing more."""
    values = points.dimensions[name]
    line = next(lines(points, name))
    if line.sum() >= FEWEST_IN_SLICE:
        search = Search(int(values.min()), int(values.max()), spacing(values))
        along = points.where(thinned(values, line, MOST_IN_SLICE))
        columns = (tuple(part.tolist()) for part in (along.dimensions[name], along.seconds, along.weights))
        explained = explain(*columns, points.reported_noise, search)
        yield from (explanation.shape for explanation in explained[:SHAPES_OF_SLICE])


def padded(points: Points, name: str) -> Iterator[Leaf]:
    """A line that begins at what lies outside of the image, where a window slides along a dimension: padding costs nothing."""
    if name in points.borders:
        yield Leaf(linear=True, offset=points.borders[name].outside)


def bordered(points: Points, name: str) -> Iterator[Leaf]:
    """A border and a line beyond it, where a window slides along a dimension and points tell the one from the other."""
    border = border_told(points, name)
    if border is not None:
        yield Leaf(linear=True, offset=float(border.until), border=border)


def border_told(points: Points, name: str) -> Border | None:
    """The border along a dimension, where some points lie within it and others beyond."""
    border, values = points.borders.get(name), points.dimensions[name]
    return border if border is not None and values.min() < border.until < values.max() else None


def alignments(values: Floats) -> Iterator[DivisibleBy]:
    """What parts values by what a stride, the usual widths and their groups divide: whole blocks have kernels of their own."""
    tried = set()
    widths = {STRIDE, *USUAL_WIDTHS, *(GROUP * width for width in USUAL_WIDTHS)} if spacing(values) < ALIGNED else ()
    for divisor in sorted(widths):
        holds = DivisibleBy(divisor).holds(values)
        if min(len(np.unique(values[holds])), len(np.unique(values[~holds]))) >= FEWEST_BESIDE and holds.tobytes() not in tried:
            tried.add(holds.tobytes())
            yield DivisibleBy(divisor)


def straight_sides(points: Points) -> Iterator[Shapes]:
    """Structures of straight lines along all dimensions, with others on either side of an alignment of one of them."""
    lines: Shapes = {name: CONSTANT if name in points.derived else LINE for name in points.dimensions}
    if len(points.free()) > 1:
        for name in points.free():
            if name not in points.merged:
                yield from ({**lines, name: Split(aligned, LINE, LINE)} for aligned in alignments(points.dimensions[name]))


def _blocks_within(values: Floats) -> Iterator[Split]:
    """Lines on both sides of an alignment, and blocks that are wider than what aligned values are multiples of."""
    for aligned in alignments(values):
        yield Split(aligned, LINE, LINE)
        yield from (Split(aligned, Leaf((width,)), LINE) for width in USUAL_WIDTHS if aligned.divisor < width < values.max())


def usual_stairs(values: Floats) -> Iterator[Leaf]:
    """Stairs of a stride, and of the usual widths, alone and in groups, as far as the values of a dimension can show them."""
    apart = spacing(values)
    if apart < STRIDE < values.max():
        yield Leaf((STRIDE,))
    for width in USUAL_WIDTHS:
        if width < values.max():
            if apart < width:
                yield Leaf((width,))
            if apart < GROUP * width < values.max():
                for climbs in (False, True):
                    widths = (width,) if apart < width else ()
                    yield Leaf((*widths, GROUP * width), linear=not widths, climbs=climbs)


def thresholds(values: Floats, fewest: int, most: int) -> Iterator[AtMost]:
    """What parts points by the size of a dimension, such as the caches that the bytes of a layer fit in.

    Args:
        values: of the dimension, shape (n,).
        fewest, most: how many points may lie below; a few numbers about evenly between these are tried.
    """
    ordered = np.sort(values)
    ends = max(fewest, FEWEST_BESIDE), min(most, len(ordered) - FEWEST_BESIDE)
    counts = np.flatnonzero(np.diff(ordered)) + 1
    counts = counts[(counts >= ends[0]) & (counts <= ends[1])]
    if len(counts):
        spread = np.linspace(*ends, MOST_THRESHOLDS).astype(int)
        for count in np.unique(counts[np.abs(spread[:, None] - counts).argmin(axis=1)]):
            yield midway(ordered[count - 1], ordered[count])


def midway(below: float, above: float) -> AtMost:
    """What parts two sizes, in the middle of their logarithms."""
    return AtMost(int(math.sqrt(below * above)))


def spacing(values: Floats) -> int:
    """The largest number that divides every value: 16 for channels that were measured in multiples of 16."""
    return int(np.gcd.reduce(np.unique(values).astype(np.int64)))
