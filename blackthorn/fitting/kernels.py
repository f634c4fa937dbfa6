"""Which kernels a runtime has for one kind of layer: conditions that part it into layers whose times have nothing in common.

A runtime has one kernel for channels that fill its blocks, say, and another one for all others, which share neither blocks nor
caches nor alignments. So where a condition parts layers, either side is searched by itself, and then the sides of that side.
That condition is the one that explains most with simple shapes on either side, of those that the best structure for all layers
holds and of usual ones. What the sides found by themselves is fitted to all points at last, and stays where it describes them
better.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.cells import Fork, Shapes
from blackthorn.fitting.joint import JointFit, cost_of
from blackthorn.fitting.lockstep import Lockstep, finished, side_by_side
from blackthorn.fitting.points import Points
from blackthorn.fitting.proposals import STRIDE, USUAL_WIDTHS, alignments
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Shape, Split
from blackthorn.fitting.slices import condition_cost
from blackthorn.fitting.structure import shapes_search
from blackthorn.formulas import AtMost, Condition

FEWEST_ON_SIDE = 8
"""Points on either side of a condition: fewer tell no structure."""
FEWEST_WEIGHED = 48
"""Points of which conditions are weighed that the best structure for all does not hold: fewer tell none by simple shapes."""
WORSE = 10.0
"""Nats by which simple shapes on either side may be worse than the best structure for all: sides find better ones."""
WIDEST_BLOCK = 32
"""Elements: a threshold above tells of memory, which kernels have in common."""


class _Parting(NamedTuple):
    """A condition on a dimension."""

    name: str
    condition: Condition

    def sides(self, points: Points) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """The points where it holds, and those where it does not."""
        holds = self.condition.holds(points.dimensions[self.name])
        return holds, ~holds

    def tells(self, points: Points) -> bool:
        """Whether there are points enough on both sides."""
        return min(int(side.sum()) for side in self.sides(points)) >= FEWEST_ON_SIDE


def fit_points(points: Points) -> list[JointFit]:
    """What `kernels_search` finds."""
    return finished(kernels_search(points))


def kernels_search(points: Points) -> Lockstep[list[JointFit]]:
    """A search for the structures that explain the points with the shortest descriptions, best first.

    The best structure for all points together is always among them, and so is the best one of these without knots.

    Args:
        points: at least one; dimensions in the order in which they are to be nested, the outermost first.
    """
    whole = yield from shapes_search(points)
    if len(points.free()) < 2:
        return whole
    parting = yield from _likeliest(points, whole[0])
    if parting is None:
        return whole
    fork = yield from _fork(points, parting)
    return sorted([*whole, *(yield [(points, fork)])], key=cost_of)


def _fork(points: Points, parting: _Parting) -> Lockstep[Fork]:
    """A fork with the best structure of its own on either side."""
    then, otherwise = yield from side_by_side(kernels_search(points.where(side)) for side in parting.sides(points))
    return Fork(parting.name, parting.condition, then[0].structure, otherwise[0].structure)


def _likeliest(points: Points, whole: JointFit) -> Lockstep[_Parting | None]:
    """The condition that explains most with simple shapes on either side; None where there is none worth a search.

    Those that the best structure for all points holds always are, others where they explain about enough and points are many.
    """
    held = _held(points, whole)
    others = _usual_partings(points) if len(points) >= FEWEST_WEIGHED else ()
    partings = list(dict.fromkeys([*held, *(parting for parting in others if parting.tells(points))]))
    if not partings:
        return None
    fits = yield [
        (points.where(side), shapes)
        for parting in partings
        for side in parting.sides(points)
        for shapes in _simple(points, whole.shapes, parting.name)
    ]
    costs = np.array([fit.cost for fit in fits]).reshape(len(partings), 2, -1).min(axis=2).sum(axis=1)
    costs += [condition_cost(parting.condition) for parting in partings]
    costs[[parting not in held and cost > whole.cost + WORSE for parting, cost in zip(partings, costs, strict=True)]] = np.inf
    best = int(costs.argmin())
    return partings[best] if np.isfinite(costs[best]) else None


def _held(points: Points, whole: JointFit) -> list[_Parting]:
    """The conditions worth a search on either side since the best structure for all holds them."""
    held = (_Parting(name, condition) for name in points.free() for condition in _of_kernels(whole.shapes[name]))
    return [parting for parting in held if parting.tells(points)]


def _of_kernels(shape: Shape) -> Iterator[Condition]:
    """The conditions of a shape that tell kernels apart: alignments, and sizes below a block."""
    if isinstance(shape, Split):
        if not isinstance(shape.condition, AtMost) or shape.condition.threshold < WIDEST_BLOCK:
            yield shape.condition
        yield from _of_kernels(shape.then)
        yield from _of_kernels(shape.otherwise)


def _usual_partings(points: Points) -> Iterator[_Parting]:
    """Alignments and sizes below usual blocks along every dimension."""
    for name in points.free():
        if name not in points.merged:
            yield from (_Parting(name, aligned) for aligned in alignments(points.dimensions[name]))
        yield from (_Parting(name, AtMost(width - 1)) for width in (STRIDE, *USUAL_WIDTHS))


def _simple(points: Points, shapes: Shapes, name: str) -> Iterator[Shapes]:
    """Lines along all dimensions, and the shapes for all layers but for lines and blocks along one."""
    yield {other: CONSTANT if other in points.derived else LINE for other in shapes}
    yield from ({**shapes, name: leaf} for leaf in (LINE, *(Leaf((width,)) for width in USUAL_WIDTHS)))
