"""Where memory slows layers down: knots, from which on every byte costs more, and corners, where only some layers have a knot.

From a knot on either what lies beyond it comes from slower memory, or, where data pass through a cache one after another, soon
all of them, and each dimension has its say in what that costs (see `formulas.missed`).

Rows that are too long for a prefetcher, say, cost more beyond a cache, and shorter ones do not. Neither the length nor the
cache explains anything without the other, so a search along one dimension after another finds neither.
"""

import math
from collections.abc import Iterator, Sequence
from itertools import product

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.cells import Shapes
from blackthorn.fitting.joint import JointFit, cost_of
from blackthorn.fitting.lockstep import Lockstep
from blackthorn.fitting.points import Points
from blackthorn.fitting.proposals import thresholds
from blackthorn.fitting.shapes import BENDS, CONSTANT, LINE, Bend, Leaf, Shape, Split
from blackthorn.fitting.tried import Tried

Floats = NDArray[np.float64]

KNOTS_SPREAD = 12
KNOTS_WITHIN = (0.1, 0.9)
"""So many knots are tried between these quantiles of a dimension's values."""
NEAR_KNOT = 2.0 ** (np.array([-3, -2, -1, 1, 2, 3]) / 4)
"""Where else a knot is tried once it is found, as shares of where it is."""
MOST_KNOTS = 2
"""Knots in one dimension: a near cache and a far one."""
BEGUN_SPREAD = 24
"""Knots at which a line may begin, between the least and the median of a dimension's values."""
MISPLACED = 4.0
"""Nats that a knot may cost too much and still be worth moving: the right place is between two that were tried."""
FEWEST_FOR_CORNER = 32
"""Points: of fewer, too few lie in a corner."""
CORNER_KNOTS = (0.25, 0.4, 0.55, 0.7, 0.85)
"""Quantiles of a dimension's values at which knots are tried with every threshold."""
CORNER_GAIN = 15.0
"""Nats that a knot must be worth beside a threshold before the surroundings of both are searched, which takes time."""


def add_knots(tried: Tried, points: Points, plain: JointFit) -> Lockstep[None]:
    """Try knots in a structure, one more at a time, while the first one is worth its place; a lone line may begin at one."""
    for name in points.dimensions if len(points.dimensions) == 1 else points.derived:
        (unknotted,) = yield from tried.along(plain, name, [_without_regimes(points, plain, name)])
        best, bound = unknotted, unknotted.cost + MISPLACED
        for _ in range(MOST_KNOTS + 1):  # the last time only to move them
            knotted = yield from tried.along(best, name, _knotted(points.dimensions[name], best.shapes[name]))
            best = min(knotted, key=cost_of, default=best)
            if best.cost > bound:
                break
        if len(points.dimensions) == 1:
            for fit in (unknotted, best):
                yield from tried.along(fit, name, _begun(points.dimensions[name], fit.shapes[name]))


def find_corner(tried: Tried, points: Points, plain: JointFit) -> Lockstep[JointFit | None]:
    """The likeliest knot that holds beyond a threshold of another dimension only; None where none is worth a search.

    Args:
        tried: what is fitted.
        points: what is explained.
        plain: the best structure so far; along most dimensions its leaves are kept.
    """
    if len(points) < FEWEST_FOR_CORNER or not points.derived:
        return None
    leaves = {name: CONSTANT if name in points.derived else _without_regimes(points, plain, name) for name in points.dimensions}
    parted: list[Shapes] = [
        {**leaves, name: Split(threshold, leaves[name], leaves[name])}
        for name in points.free()
        for threshold in thresholds(points.dimensions[name], 0, len(points))
    ]
    knots = [
        (name, _bent(CONSTANT, [(knot, sort)]))
        for name in points.derived
        for knot in np.unique(np.quantile(points.dimensions[name], CORNER_KNOTS).astype(int)).tolist()
        for sort in BENDS
    ]
    cornered: list[Shapes] = [{**shapes, name: leaf} for shapes in parted for name, leaf in knots]
    without, found = (yield from tried.fit(parted)), (yield from tried.fit(cornered))
    likeliest = min(found, key=cost_of, default=None)
    if likeliest is None or likeliest.cost > min(without, key=cost_of).cost - CORNER_GAIN:
        return None
    return likeliest


def _without_regimes(points: Points, best: JointFit, name: str) -> Leaf:
    """A leaf along a dimension: that of the best structure, or a plain one in the place of regimes."""
    shape = best.shapes[name]
    return shape if isinstance(shape, Leaf) else CONSTANT if name in points.derived else LINE


def _begun(values: Floats, leaf: Shape) -> Iterator[Leaf]:
    """A leaf whose line begins at a knot: the smallest layers take as long as each other, longer to begin than to be done."""
    assert isinstance(leaf, Leaf)
    if leaf.linear:
        for knot in np.unique(np.geomspace(max(1.0, values.min()), np.median(values), BEGUN_SPREAD).astype(int)).tolist():
            if knot < min(leaf.knots, default=math.inf):
                yield msgspec.structs.replace(leaf, linear=False, knots=(knot, *leaf.knots))


def _knotted(values: Floats, leaf: Shape) -> Iterator[Leaf]:
    """A leaf with one more knot, and with each of its knots elsewhere, of either sort."""
    assert isinstance(leaf, Leaf)
    low, high = np.quantile(values, KNOTS_WITHIN)
    spread = np.geomspace(max(1.0, low), max(1.0, high), KNOTS_SPREAD)
    held = leaf.bends()
    knots = np.unique(np.append(spread, np.outer([knot for knot, _ in held], NEAR_KNOT)).astype(int)).tolist()
    for place in range(len(held) + 1):
        others = (*held[:place], *held[place + 1 :])
        if len(others) < MOST_KNOTS:
            for bend in product(knots, BENDS):
                if bend not in others:
                    yield _bent(leaf, (*others, bend))


def _bent(leaf: Leaf, bends: Sequence[tuple[int, Bend]]) -> Leaf:
    """The leaf with these knots, each of its sort."""
    return msgspec.structs.replace(leaf, **{sort: tuple(sorted(knot for knot, own in bends if own == sort)) for sort in BENDS})
