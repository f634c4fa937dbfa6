"""Which kernels a runtime has for one kind of layer: conditions that part it into layers whose times have nothing in common.

A runtime has one kernel for channels that fill its blocks, say, and another one for all others, which share neither blocks nor
caches nor alignments. So where a condition parts layers, either side is searched by itself, and then the sides of that side.
That condition is the one that explains most with simple shapes on either side, or with what was found for all, of those that
the best structure for all layers holds and of usual ones. What the sides found by themselves is fitted to all points at last,
and stays where it describes them better. Then a second condition is tried in its place, an alignment before any other: which of
two kernels is told first decides whether the others can be told at all, and the one found first helps to see it.
"""

from collections.abc import Container, Iterator
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
from blackthorn.formulas import AtMost, Condition, DivisibleBy

FEWEST_ON_SIDE = 8
"""Points on either side of a condition: fewer tell no structure."""
FEWEST_WEIGHED = 48
"""Points of which conditions are weighed that the best structure for all does not hold: fewer tell none by simple shapes."""
WORSE = 10.0
"""Nats by which simple shapes on either side may be worse than the best structure for all: sides find better ones."""
WORSE_THAN_FORK = 40.0
"""Nats likewise where the best structure found parts kernels already, which sides of another condition can still do."""
MOST_TRIED = 2
"""Conditions by which the layers of a class are parted in turn: the second takes a tenth more time for a whole device, a third
another seventh."""
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


def kernels_search(points: Points, most_tried: int = MOST_TRIED) -> Lockstep[list[JointFit]]:
    """A search for the structures that explain the points with the shortest descriptions, best first.

    The best structure for all points together is always among them, and so is the best one of these without knots.

    Args:
        points: at least one; dimensions in the order in which they are to be nested, the outermost first.
        most_tried: conditions by which points are parted in turn, at most; the sides of each are parted by one.
    """
    whole = yield from shapes_search(points)
    if len(points.free()) < 2:
        return whole
    found, tried = whole, set[_Parting]()
    while len(tried) < most_tried:
        parting = yield from _likeliest(points, whole[0], found[0], tried)
        if parting is None:
            break
        tried.add(parting)
        fork = yield from _fork(points, parting)
        found = sorted([*found, *(yield [(points, fork)])], key=cost_of)
    return found


def _fork(points: Points, parting: _Parting) -> Lockstep[Fork]:
    """A fork with the best structure of its own on either side."""
    sides = map(points.where, parting.sides(points))
    then, otherwise = yield from side_by_side(kernels_search(side, most_tried=1) for side in sides)
    return Fork(parting.name, parting.condition, then[0].structure, otherwise[0].structure)


def _likeliest(points: Points, whole: JointFit, best: JointFit, tried: Container[_Parting]) -> Lockstep[_Parting | None]:
    """The condition that explains most with simple shapes, or the best structure, on either side; None if none is worth it.

    Those that the best structure for all points holds are worth the first search, others where they explain about enough and
    points are many. An alignment among those that it holds is worth the second search whatever simple shapes say of it, and
    before all others: where they leave much unexplained, as what long rows cost beyond a cache, some size or other seems to
    explain more than the alignment that all layers show.

    Args:
        points: what is explained.
        whole: the best structure for all points together.
        best: the best one found so far.
        tried: conditions that were searched.
    """
    held = _held(points, whole)
    others = _usual_partings(points) if len(points) >= FEWEST_WEIGHED else ()
    every = dict.fromkeys([*held, *(parting for parting in others if parting.tells(points))])
    untried = [parting for parting in every if parting not in tried]
    worth_it = [parting for parting in untried if parting in held and (not tried or isinstance(parting.condition, DivisibleBy))]
    partings = worth_it if tried and worth_it else untried
    if not partings:
        return None
    fits = yield [
        (points.where(side), structure)
        for parting in partings
        for side in parting.sides(points)
        for structure in (*_simple(points, whole.shapes, parting.name), best.structure)
    ]
    costs = np.array([fit.cost for fit in fits]).reshape(len(partings), 2, -1).min(axis=2).sum(axis=1)
    costs += [condition_cost(parting.condition) for parting in partings]
    bound = best.cost + (WORSE_THAN_FORK if isinstance(best.structure, Fork) else WORSE)
    costs[[parting not in worth_it and cost > bound for parting, cost in zip(partings, costs, strict=True)]] = np.inf
    likeliest = int(costs.argmin())
    return partings[likeliest] if np.isfinite(costs[likeliest]) else None


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
