"""Which structure explains the points: shapes proposed by slices, judged by all points together.

Along every dimension the points that differ in it alone form slices. The likeliest shapes of the longest slices are tried in
turn, one dimension at a time, each against all points (coordinate descent on the description length); then other widths in
place of the chosen one, a second one beside it, tiles instead, and, for dimensions that follow from others, thresholds nearby.
At last come knots, from which on memory is slower.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import fit_candidates
from blackthorn.fitting.joint import (
    Cell,
    JointFit,
    Points,
    Structure,
    Term,
    cell_masks,
    fit_structure,
    fit_structures,
    products,
)
from blackthorn.fitting.lines import lines, thinned
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Shape, Split, leaves, split_leaf, with_leaf
from blackthorn.fitting.slices import OFFSETS, Search, block_cost, distinct_stairs, explain, tilings
from blackthorn.formulas import AtMost, DivisibleBy

Floats = NDArray[np.float64]

FEWEST_IN_SLICE = 5
MOST_SLICES = 2
MOST_IN_SLICE = 128
"""Points of a slice that propose shapes; all points judge them."""
SHAPES_OF_SLICE = 4
MOST_THRESHOLDS = 8
KNOTS_SPREAD = 12
KNOTS_WITHIN = (0.1, 0.9)
"""So many knots are tried between these quantiles of a dimension's values."""
NEAR_KNOT = 2.0 ** (np.array([-3, -2, -1, 1, 2, 3]) / 4)
"""Where else a knot is tried once it is found, as shares of where it is."""
MOST_KNOTS = 2
"""Knots in one dimension: a near cache and a far one."""
FEWEST_BESIDE = 4
"""Points on either side of a threshold in a derived dimension."""
MOST_ROUNDS = 2
ALTERNATIVES = 8
WIDTHS_OF_JOINT = 3
TILINGS_OF_JOINT = 3
FEWEST_TILED = 16
"""Different values of a dimension by which tiles can be told."""
FIRST = 1
"""Where stairs begin: along a line alone, tiles from there on say hardly anything but stairs on a slope, which are simpler."""
MOST_WIDTHS = 2
"""Stairs on stairs in one dimension: blocks, and groups of blocks."""
USUAL_WIDTHS = (4, 8, 16, 32)
"""Tried where no slice tells."""
ALIGNED = 16
"""A dimension that was measured in multiples of this, or of more, is aligned everywhere."""
GROUP = 4
"""Blocks that a kernel usually takes together."""


def fit_points(points: Points) -> list[JointFit]:
    """The structures that explain the points with the shortest descriptions, best first, at most `ALTERNATIVES`.

    Kernels for sizes below a block, and then knots, are sought when all else is found, since a parting explains a little of
    whatever is not found yet; the best structure without any knots is always among those given.

    Args:
        points: at least one; dimensions in the order in which they are to be nested, the outermost first.
    """
    shapes = {name: list(dict.fromkeys(proposals(points, name))) for name in points.dimensions}
    tried = _Tried(points)
    tried.fit([{name: proposed[0] for name, proposed in shapes.items()}])
    for _ in range(MOST_ROUNDS):
        before = tried.cheapest().cost
        for name, proposed in shapes.items():
            best = tried.cheapest()
            tried.along(best, name, [*proposed, *_refined(points, best, name)])
        if tried.cheapest().cost >= before:
            break
    for name in points.free():
        best = tried.cheapest()
        tried.along(best, name, _unfilled_blocks(points.dimensions[name], best.structure[name]))
    plain = tried.cheapest()
    for name in points.dimensions if len(points.dimensions) == 1 else points.derived:
        best = plain
        for _ in range(MOST_KNOTS + 1):  # the last time only to move them
            best = min(tried.along(best, name, _knotted(points, best, name)), key=_cost, default=best)
    found = tried.best(ALTERNATIVES)
    return found if plain in found else [*found[:-1], plain]


class _Tried:
    """Structures that were fitted to the same points, each once."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._fits: dict[tuple[tuple[str, Shape], ...], JointFit] = {}

    def fit(self, structures: Iterable[Structure]) -> list[JointFit]:
        """Fit those that were not fitted yet."""
        new = {structure_key(structure): structure for structure in structures}
        new = {key: structure for key, structure in new.items() if key not in self._fits}
        fits = fit_structures([(self._points, structure) for structure in new.values()])
        self._fits.update(zip(new, fits, strict=True))
        return fits

    def along(self, best: JointFit, name: str, shapes: Iterable[Shape]) -> list[JointFit]:
        """Fit a structure with each of several shapes along one dimension."""
        return self.fit({**best.structure, name: shape} for shape in shapes)

    def cheapest(self) -> JointFit:
        """That of the shortest description."""
        return min(self._fits.values(), key=_cost)

    def best(self, count: int) -> list[JointFit]:
        """Those of the shortest descriptions, that first."""
        return sorted(self._fits.values(), key=_cost)[:count]


def structure_key(structure: Structure) -> tuple[tuple[str, Shape], ...]:
    """A structure as something that can be looked up."""
    return tuple(structure.items())


def _cost(fit: JointFit) -> float:
    return fit.cost


def proposals(points: Points, name: str) -> Iterator[Shape]:
    """Shapes worth trying along a dimension, the likeliest first."""
    values = points.dimensions[name]
    if name in points.derived:
        yield CONSTANT
        yield from thresholds(values, 0, len(values))
        return
    if values.min() == values.max():
        yield LINE if len(points.free()) > 1 else CONSTANT
        return
    search = Search(int(values.min()), int(values.max()), _spacing(values))
    for line in islice(lines(points, name), MOST_SLICES):
        if line.sum() < FEWEST_IN_SLICE:
            break
        along = points.where(thinned(values, line, MOST_IN_SLICE))
        columns = (tuple(part.tolist()) for part in (along.dimensions[name], along.seconds, along.weights))
        explained = explain(*columns, points.reported_noise, search)
        yield from (explanation.shape for explanation in explained[:SHAPES_OF_SLICE])
    yield from (LINE, CONSTANT, *usual_stairs(values), *alignments(values))


def alignments(values: Floats) -> Iterator[Shape]:
    """Partings by what the usual widths and their groups divide: whole blocks have kernels of their own."""
    tried = set()
    widths = {*USUAL_WIDTHS, *(GROUP * width for width in USUAL_WIDTHS)} if _spacing(values) < ALIGNED else ()
    for divisor in sorted(widths):
        holds = DivisibleBy(divisor).holds(values)
        if min(holds.sum(), (~holds).sum()) >= FEWEST_BESIDE and holds.tobytes() not in tried:
            tried.add(holds.tobytes())
            yield Split(DivisibleBy(divisor), LINE, LINE)


def usual_stairs(values: Floats) -> Iterator[Leaf]:
    """Stairs of the usual widths, alone and in groups, as far as the values of a dimension can show them."""
    spacing = _spacing(values)
    for width in USUAL_WIDTHS:
        if width < values.max():
            if spacing < width:
                yield Leaf((width,))
            if spacing < GROUP * width < values.max():
                yield Leaf((width, GROUP * width)) if spacing < width else Leaf((GROUP * width,), linear=True)


def thresholds(values: Floats, fewest: int, most: int) -> Iterator[Split]:
    """Partings of the points by a derived dimension, such as the caches that the bytes of a layer fit in.

    Args:
        values: of the dimension, shape (n,).
        fewest, most: how many points may lie below; a few numbers evenly between these are tried.
    """
    ordered = np.sort(values)
    ends = max(fewest, FEWEST_BESIDE), min(most, len(ordered) - FEWEST_BESIDE)
    for count in np.unique(np.linspace(*ends, MOST_THRESHOLDS).astype(int)) if ends[0] <= ends[1] else ():
        below, above = ordered[count - 1 : count + 1]
        if below < above:
            yield Split(AtMost(int(math.sqrt(below * above))), CONSTANT, CONSTANT)


def _further_thresholds(values: Floats, shape: Split) -> Iterator[Shape]:
    """Partings of one side of a parting: layers that fit into a near cache, into a far one, and into none."""
    if not isinstance(shape.then, Leaf) or not isinstance(shape.otherwise, Leaf):
        return
    within = shape.condition.holds(values)
    for place, side in enumerate((values[within], values[~within])):
        for part in thresholds(side, 0, len(side)):
            yield split_leaf(shape, place, part.condition)


def _spacing(values: Floats) -> int:
    """The largest number that divides every value: 16 for channels that were measured in multiples of 16."""
    return int(np.gcd.reduce(np.unique(values).astype(np.int64)))


def _refined(points: Points, best: JointFit, name: str) -> Iterator[Shape]:
    """Shapes near the best one along a dimension."""
    shape = best.structure[name]
    if name in points.derived:
        if isinstance(shape, Split):
            below, reach = int(shape.condition.holds(points.dimensions[name]).sum()), len(points) // MOST_THRESHOLDS
            yield from thresholds(points.dimensions[name], below - reach, below + reach)
            yield from _further_thresholds(points.dimensions[name], shape)
        return
    if isinstance(shape, Leaf):
        yield from _likely_stairs(points, best, name, shape)
        if len(points.dimensions) > 1:  # along a line alone the constant says what an offset would
            yield from _begun_elsewhere(shape)
    else:
        yield from dict.fromkeys(leaves(shape))
        for place in range(sum(1 for _ in leaves(shape))):
            yield from (with_leaf(shape, place, leaf) for leaf in (LINE, CONSTANT, *usual_stairs(points.dimensions[name])))
    yield from _likely_tilings(points, best, name)


def _begun_elsewhere(leaf: Leaf) -> Iterator[Leaf]:
    """The leaf with its line, where it has one, from other offsets on."""
    if leaf.linear:
        yield from (msgspec.structs.replace(leaf, offset=offset) for offset in (0.0, *OFFSETS) if offset != leaf.offset)


def _unfilled_blocks(values: Floats, shape: Shape) -> Iterator[Split]:
    """A line of its own for sizes that fill not even one of the blocks that were found: other kernels may be for these."""
    for width in shape.widths if isinstance(shape, Leaf) else ():
        condition = AtMost(width - 1)
        below = int(condition.holds(values).sum())
        if FEWEST_BESIDE <= below <= len(values) - FEWEST_BESIDE:
            yield Split(condition, LINE, shape)


def _knotted(points: Points, best: JointFit, name: str) -> Iterator[Shape]:
    """The best leaf along a dimension with one more knot, and with each of its knots elsewhere."""
    shape, values = best.structure[name], points.dimensions[name]
    leaf = shape if isinstance(shape, Leaf) else CONSTANT if name in points.derived else LINE
    low, high = np.quantile(values, KNOTS_WITHIN)
    spread = np.geomspace(max(1.0, low), max(1.0, high), KNOTS_SPREAD)
    knots = np.unique(np.append(spread, np.outer(leaf.knots, NEAR_KNOT)).astype(int)).tolist()
    for place in range(len(leaf.knots) + 1):
        others = (*leaf.knots[:place], *leaf.knots[place + 1 :])
        if len(others) < MOST_KNOTS:
            for knot in knots:
                if knot not in others:
                    yield msgspec.structs.replace(leaf, knots=tuple(sorted((*others, knot))))


def _likely_stairs(points: Points, best: JointFit, name: str, leaf: Leaf) -> Iterator[Shape]:
    """The likeliest other widths along one dimension, and the likeliest second ones beside that which is there.

    Hardware takes blocks in groups of blocks (16 filters in one register, four registers at a time), so stairs stand on stairs.
    """
    values = points.dimensions[name]
    widths = Search(int(values.min()), int(values.max()), _spacing(values)).widths()
    if not leaf.widths or not len(widths):
        return
    naming = block_cost(widths, len(widths))
    other = naming + sum(_width_costs(points, best, name, widths, instead=True))
    yield from (_with_widths(leaf, (*leaf.widths[:-1], width)) for width in _cheapest(widths, other, leaf.widths[:-1]))
    if len(leaf.widths) < MOST_WIDTHS:
        second = naming + sum(_width_costs(points, best, name, widths, instead=False))
        yield from (_with_widths(leaf, (*leaf.widths, width)) for width in _cheapest(widths, second, leaf.widths))


def _with_widths(leaf: Leaf, widths: tuple[int, ...]) -> Leaf:
    """The leaf's line with stairs of these widths."""
    return Leaf(widths, leaf.linear, offset=leaf.offset)


def _likely_tilings(points: Points, best: JointFit, name: str) -> Iterator[Shape]:
    """The likeliest ways in which a dimension is taken in tiles, where there are values enough to tell."""
    values = points.dimensions[name]
    if _spacing(values) == 1 and len(np.unique(values)) >= FEWEST_TILED:
        if isinstance(best.structure[name], Split):
            best = fit_structure(points, {**best.structure, name: LINE})
        costs: Floats = sum(_tiling_costs(points, best, name), np.zeros(len(tilings())))
        if len(points.dimensions) == 1:
            costs[[tiling.offset == FIRST for tiling in tilings()]] = np.inf
        for i in np.argsort(costs, kind="stable")[:TILINGS_OF_JOINT]:
            yield from (Leaf(linear=linear, tiling=tilings()[i]) for linear in (False, True))


def _tiling_costs(points: Points, best: JointFit, name: str) -> Iterator[Floats]:
    """For every cell that has points, the cost of each tiling in place of the leaf."""
    for cell, inside, place in _cells_along(points, best, name):
        moving = [term for term in cell.terms if term[place]]
        if moving:
            x = inside.dimensions[name]
            tiles = np.array([(tiling.whole(x), tiling.pieces(x)) for tiling in tilings()])
            kept = [term for term in cell.terms if not term[place]]
            yield _costs_of(tiles, cell, kept, _flattened(moving, place), inside, len(points))


def _cheapest(widths: NDArray[np.int64], costs: Floats, taken: tuple[int, ...]) -> list[int]:
    """The few widths of least cost that are not among those taken."""
    ordered = [int(widths[i]) for i in np.argsort(costs, kind="stable")[: WIDTHS_OF_JOINT + len(taken)]]
    return [width for width in ordered if width not in taken][:WIDTHS_OF_JOINT]


def _width_costs(points: Points, best: JointFit, name: str, widths: NDArray[np.int64], *, instead: bool) -> Iterator[Floats]:
    """For every cell that has points, the cost of each width: instead of the leaf's last one, or as a further one."""
    for cell, inside, place in _cells_along(points, best, name):
        last = cell.leaves[place].terms() - 1
        climbing = [term for term in cell.terms if term[place] == last]
        kept = [term for term in cell.terms if not instead or term[place] != last]
        stairs, which = distinct_stairs(inside.dimensions[name], widths)
        yield _costs_of(stairs[:, None, :], cell, kept, _flattened(climbing, place), inside, len(points))[which]


def _cells_along(points: Points, best: JointFit, name: str) -> Iterator[tuple[Cell, Points, int]]:
    """The cells that have points, with these, and the dimension's place in their terms."""
    place = list(best.structure).index(name)
    points = points.ordered(best.structure)
    for cell, mask in zip(best.cells, cell_masks(best.structure, points.dimensions), strict=True):
        if mask.any():
            yield cell, points.where(mask), place


def _flattened(terms: Iterable[Term], place: int) -> list[Term]:
    """The terms with the constant of one dimension, each once."""
    return list(dict.fromkeys((*term[:place], 0, *term[place + 1 :]) for term in terms))


def _costs_of(columns: Floats, cell: Cell, kept: Sequence[Term], flat: Sequence[Term], inside: Points, total: int) -> Floats:
    """The cost of a cell by each of several sets of functions of one dimension, shape (sets,).

    Args:
        columns: the functions at the cell's points, shape (sets, functions, n).
        cell: what the other dimensions' functions are taken from.
        kept: its terms that stay as they are.
        flat: those that each of the functions is multiplied with.
        inside: the cell's points.
        total: points of all cells.
    """
    stay = products(cell.leaves, kept, inside.dimensions)
    climb = (columns[:, :, None, :] * products(cell.leaves, flat, inside.dimensions)).reshape(len(columns), -1, len(inside))
    designs = np.concatenate([np.broadcast_to(stay, (len(columns), *stay.shape)), climb], axis=1)
    present = np.broadcast_to(inside.weights, (len(columns), len(inside)))
    return fit_candidates(designs, inside.seconds, present, inside.reported_noise, total).cost
