"""Which structure explains the points: shapes that are proposed for each dimension, judged by all points together.

They are tried in turn, one dimension at a time, each against all points (coordinate descent on the description length), and
with them other widths in place of the chosen one, a second one beside it, tiles instead, thresholds nearby. Then come kernels
for sizes below a block, and at last what memory slows down.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.cells import Cell, Term, cell_masks, products
from blackthorn.fitting.evidence import fit_candidates
from blackthorn.fitting.joint import JointFit, cost_of, fit_structure
from blackthorn.fitting.lockstep import Lockstep
from blackthorn.fitting.memory import add_knots, find_corner
from blackthorn.fitting.points import Points
from blackthorn.fitting.proposals import (
    FEWEST_BESIDE,
    MOST_THRESHOLDS,
    STRIDE,
    USUAL_WIDTHS,
    alignments,
    border_told,
    bordered,
    padded,
    proposals,
    spacing,
    straight_sides,
    thresholds,
    usual_stairs,
)
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Shape, Split, leaves, split_leaf, with_leaf
from blackthorn.fitting.slices import Search, block_cost, distinct_stairs, tilings
from blackthorn.fitting.tried import Tried
from blackthorn.formulas import AtMost, Border, DivisibleBy

Floats = NDArray[np.float64]
Along = tuple[str, Shape]
"""A dimension and a shape along it."""

HOPELESS = 15.0
"""Nats: shapes that are worse than another one by more are never the best one later (in one of 345 searches one was)."""
MOST_ROUNDS = 2
ALTERNATIVES = 8
WIDTHS_OF_JOINT = 3
TILINGS_OF_JOINT = 3
FEWEST_TILED = 32
"""Different values of a dimension by which tiles can be told."""
FIRST = 1
"""Where stairs begin: along a line alone, tiles from there on say hardly anything but stairs on a slope, which are simpler."""
MOST_WIDTHS = 2
"""Stairs on stairs in one dimension: blocks, and groups of blocks."""


def shapes_search(points: Points) -> Lockstep[list[JointFit]]:
    """A search for the structures that explain the points with the shortest descriptions, best first, at most `ALTERNATIVES`.

    Where two kernels differ by more than all dimensions explain, a descent that begins without them drops the dimensions as
    worth nothing, after which the kernels explain nothing either (resizing to the nearest takes six times as long to odd
    widths). So another one begins with straight lines on either side of an alignment, where these alone say more than all that
    was found.

    Kernels for sizes below a block, and then knots and corners, are sought when all else is found, since a parting explains a
    little of whatever is not found yet (with kernels that were found all else is looked at again); the best structure without
    any of these is always among those given.

    Args:
        points: at least one; dimensions in the order in which they are to be nested, the outermost first.
    """
    shapes = {name: list(dict.fromkeys(proposals(points, name))) for name in points.dimensions}
    tried = Tried(points)
    (first,) = yield from tried.fit([{name: proposed[0] for name, proposed in shapes.items()}])
    hopeless: set[Along] = set()
    best = descended = yield from _descend(tried, points, first, shapes, hopeless)
    sides = yield from tried.fit(straight_sides(points))
    likeliest = min([best, *sides], key=cost_of)
    if likeliest is not best:
        hopeless.clear()
        best = descended = yield from _descend(tried, points, likeliest, shapes, hopeless)
    for name in points.free():
        parted = yield from tried.along(best, name, _unfilled_blocks(points.dimensions[name], best.shapes[name]))
        best = min([best, *parted], key=cost_of)
    plain = best if best is descended else (yield from _descend(tried, points, best, shapes, hopeless))
    yield from add_knots(tried, points, plain)
    corner = yield from find_corner(tried, points, plain)
    if corner is not None:
        corner = yield from _parted_finely(tried, points, corner)
        corner = yield from _descend(tried, points, corner, shapes, set())
        yield from add_knots(tried, points, corner)
    found = tried.best(ALTERNATIVES)
    return found if plain in found else [*found[:-1], plain]


def _descend(
    tried: Tried, points: Points, best: JointFit, shapes: Mapping[str, Sequence[Shape]], hopeless: set[Along]
) -> Lockstep[JointFit]:
    """Move along one dimension after another to the shape of the shortest description, until none is shorter.

    Args:
        tried: what is fitted.
        points: what is explained.
        best: where to begin.
        shapes: those that are proposed for each dimension.
        hopeless: those that are not tried again, since they were far worse than another; some are added.
    """
    for _ in range(MOST_ROUNDS):
        before = best.cost
        for name, proposed in shapes.items():
            wanted = dict.fromkeys([*proposed, *_refined(points, best, name)])
            likely = [shape for shape in wanted if (name, shape) not in hopeless]
            fits = yield from tried.along(best, name, likely)
            best = min([best, *fits], key=cost_of)
            bound = best.cost + HOPELESS
            hopeless.update((name, shape) for shape, fit in zip(likely, fits, strict=True) if fit.cost > bound)
        if best.cost >= before:
            break
    return best


def _parted_finely(tried: Tried, points: Points, best: JointFit) -> Lockstep[JointFit]:
    """A structure with its thresholds moved, and one more beside each, where that is shorter."""
    for name in points.free():
        finer = yield from tried.along(best, name, _finer(points.dimensions[name], best.shapes[name]))
        best = min([best, *finer], key=cost_of)
    return best


def _finer(values: Floats, shape: Shape) -> Iterator[Shape]:
    """A parting by size with its threshold nearby, and with one more on either side; nothing of other shapes."""
    if isinstance(shape, Split) and isinstance(shape.condition, AtMost):
        yield from _moved(values, shape)
        yield from _further_thresholds(values, shape)


def _moved(values: Floats, shape: Split) -> Iterator[Split]:
    """A parting by size with its threshold nearby."""
    below, reach = int(shape.condition.holds(values).sum()), len(values) // MOST_THRESHOLDS
    for threshold in thresholds(values, below - reach, below + reach):
        yield Split(threshold, shape.then, shape.otherwise)


def _further_thresholds(values: Floats, shape: Split) -> Iterator[Shape]:
    """Partings of one side of a parting: layers that fit into a near cache, a far one, and none; rows that are ever longer."""
    if not isinstance(shape.then, Leaf) or not isinstance(shape.otherwise, Leaf):
        return
    within = shape.condition.holds(values)
    for place, side in enumerate((values[within], values[~within])):
        for threshold in thresholds(side, 0, len(side)):
            yield split_leaf(shape, place, threshold)


def _refined(points: Points, best: JointFit, name: str) -> Iterator[Shape]:
    """Shapes near the best one along a dimension."""
    shape = best.shapes[name]
    values = points.dimensions[name]
    yield from _finer(values, shape)
    if name in points.derived:
        return
    if isinstance(shape, Leaf):
        yield from _simpler(shape)
        yield from _likely_stairs(points, best, name, shape)
        if len(points.dimensions) > 1:  # along a line alone the constant says what an offset would
            yield from _begun_elsewhere(shape, points.borders.get(name))
    else:
        yield from dict.fromkeys([*leaves(shape), *_parted_less(shape)])
        for place in range(sum(1 for _ in leaves(shape))):
            others = (*bordered(points, name), LINE, CONSTANT, *usual_stairs(values))
            yield from (with_leaf(shape, place, leaf) for leaf in others)
        if isinstance(shape.condition, DivisibleBy):
            yield from (Split(aligned, shape.then, shape.otherwise) for aligned in alignments(values))
    yield from _likely_tilings(points, best, name)


def _parted_less(shape: Shape) -> Iterator[Shape]:
    """The shapes with one parting fewer: what a kernel of its own explains may have been explained by another one before."""
    if isinstance(shape, Split):
        yield from (shape.then, shape.otherwise)
        yield from (Split(shape.condition, then, shape.otherwise) for then in _parted_less(shape.then))
        yield from (Split(shape.condition, shape.then, otherwise) for otherwise in _parted_less(shape.otherwise))


def _simpler(leaf: Leaf) -> Iterator[Leaf]:
    """Leaves that say less: one staircase fewer, and stairs in place of tiles, which are whole tiles without the pieces.

    What a second staircase explained, or the pieces did, may be what another dimension explains since.
    """
    if len(leaf.widths) > 1:
        yield from (_with_widths(leaf, (*leaf.widths[:i], *leaf.widths[i + 1 :])) for i in range(len(leaf.widths)))
    if leaf.tiling is not None and leaf.border is None:
        yield Leaf((leaf.tiling.width,), leaf.linear, offset=leaf.offset, climbs=True)


def _begun_elsewhere(leaf: Leaf, border: Border | None) -> Iterator[Leaf]:
    """The leaf with its stairs from the second block on, and with its line from other offsets on.

    Lines begin at what lies outside of the image, so that rows in the padding cost nothing, or at 1, which lets a first row be
    as cheap as it likes.
    """
    if leaf.widths:
        yield msgspec.structs.replace(leaf, climbs=not leaf.climbs)
    if leaf.linear and leaf.border is None:
        offsets = (0.0, 1.0) if border is None else (0.0, 1.0, border.outside)
        yield from (msgspec.structs.replace(leaf, offset=offset) for offset in offsets if offset != leaf.offset)


def _unfilled_blocks(values: Floats, shape: Shape) -> Iterator[Split]:
    """Another kernel for sizes up to a block, usual or found: a line for those that do not fill it, or all take as long.

    A constant is tried for itself: a line in its place adds a product for every one of the other dimensions, and where it is
    of no use these cost more than the kernel is worth.
    """
    for width in sorted({STRIDE, *USUAL_WIDTHS, *(width for leaf in leaves(shape) for width in leaf.widths)}):
        for most, within in ((width - 1, LINE), (width - 1, CONSTANT), (width, CONSTANT)):
            condition = AtMost(most)
            below = int(condition.holds(values).sum())
            if FEWEST_BESIDE <= below <= len(values) - FEWEST_BESIDE:
                yield Split(condition, within, shape)


def _likely_stairs(points: Points, best: JointFit, name: str, leaf: Leaf) -> Iterator[Shape]:
    """The likeliest other widths along one dimension, and the likeliest second ones beside that which is there.

    Hardware takes blocks in groups of blocks (16 filters in one register, four registers at a time), so stairs stand on stairs.
    """
    values = points.dimensions[name]
    widths = Search(int(values.min()), int(values.max()), spacing(values)).widths()
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
    return Leaf(widths, leaf.linear, offset=leaf.offset, climbs=leaf.climbs)


def _likely_tilings(points: Points, best: JointFit, name: str) -> Iterator[Shape]:
    """The likeliest ways in which a dimension is taken in tiles, where there are values enough to tell."""
    values = points.dimensions[name]
    if name not in points.merged and spacing(values) == 1 and len(np.unique(values)) >= FEWEST_TILED:
        if isinstance(best.shapes[name], Split):
            best = fit_structure(points, {**best.shapes, name: LINE})
        for tiled in _tiled(points, name):
            costs: Floats = sum(_tiling_costs(points, best, name, tiled), np.zeros(len(tiled)))
            for leaf in (tiled[i] for i in np.argsort(costs, kind="stable")[:TILINGS_OF_JOINT]):
                plain = msgspec.structs.replace(leaf, linear=False)
                yield plain
                yield from _simpler(plain)
                if plain.border is None:
                    for line in (*padded(points, name), LINE):
                        yield msgspec.structs.replace(plain, linear=True, offset=line.offset)


def _tiled(points: Points, name: str) -> Iterator[list[Leaf]]:
    """Every way in which a dimension may be taken in tiles, those alike in terms together.

    Tiles begin at the first value or, where a window slides along the dimension, within its border or beyond it. Those that are
    the likeliest on a line need not be among the likeliest without one.
    """
    border, told = points.borders.get(name), border_told(points, name)
    offsets = {0, FIRST} if border is None else {0, border.until // 2, border.until}
    if len(points.dimensions) == 1:
        offsets.discard(FIRST)
    if told is not None:
        offsets.discard(told.until)
        yield [Leaf(tiling=tiling, border=told) for tiling in tilings(told.until)]
    for linear in (False, True):
        yield [Leaf(tiling=tiling, linear=linear) for offset in sorted(offsets) for tiling in tilings(offset)]


def _tiling_costs(points: Points, best: JointFit, name: str, tiled: Sequence[Leaf]) -> Iterator[Floats]:
    """For every cell that has points, the cost of each of several leaves alike in terms in place of the one there is."""
    for cell, inside, place in _cells_along(points, best, name):
        moving = [term for term in cell.terms if term[place]]
        if moving:
            x = inside.dimensions[name]
            tiles = np.array([leaf.columns(x)[1:] for leaf in tiled])[:, :, None, :]
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
        flat = _flattened(climbing, place)
        counts = np.array([any(term) and not cell.leaves[place].climbs for term in flat], dtype=np.float64)
        yield _costs_of(stairs[:, None, None, :] + counts[:, None], cell, kept, flat, inside, len(points))[which]


def _cells_along(points: Points, best: JointFit, name: str) -> Iterator[tuple[Cell, Points, int]]:
    """The cells that have points, with these, and the dimension's place in their terms."""
    place = list(best.shapes).index(name)
    points = points.ordered(best.shapes)
    for cell, mask in zip(best.cells, cell_masks(best.shapes, points.dimensions), strict=True):
        if mask.any():
            yield cell, points.where(mask), place


def _flattened(terms: Iterable[Term], place: int) -> list[Term]:
    """The terms with the constant of one dimension, each once."""
    return list(dict.fromkeys((*term[:place], 0, *term[place + 1 :]) for term in terms))


def _costs_of(columns: Floats, cell: Cell, kept: Sequence[Term], flat: Sequence[Term], inside: Points, total: int) -> Floats:
    """The cost of a cell by each of several sets of functions of one dimension, shape (sets,).

    Args:
        columns: the functions at the cell's points, shape (sets, functions, 1 or len(flat), n).
        cell: what the other dimensions' functions are taken from.
        kept: its terms that stay as they are.
        flat: those that each of the functions is multiplied with.
        inside: the cell's points.
        total: points of all cells.
    """
    stay = products(cell.leaves, kept, inside.dimensions)
    climb = (columns * products(cell.leaves, flat, inside.dimensions)).reshape(len(columns), -1, len(inside))
    designs = np.concatenate([np.broadcast_to(stay, (len(columns), *stay.shape)), climb], axis=1)
    present = np.broadcast_to(inside.weights, (len(columns), len(inside)))
    return fit_candidates(designs, inside.seconds, present, inside.reported_noise, total).cost
