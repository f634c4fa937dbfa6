"""Several dimensions at once: the coefficients of a structure, fitted to all points together.

A structure gives every dimension a shape. The leaves of the shapes cut space into cells (aligned channels and few rows,
say); in each cell the formula is a sum of products, one function of each dimension in every product, which is what nesting
steps and lines in one another's coefficients multiplies out to. Which products are needed is decided by description length.
Where layers take kernels with nothing in common, the structure has a fork, with shapes of their own on either side.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import misfit_of, sharpness
from blackthorn.fitting.shapes import CONSTANT, Leaf, Shape, leaves, regimes
from blackthorn.fitting.slices import condition_cost, naming_cost
from blackthorn.fitting.stepwise import Choice, Task, choose
from blackthorn.formulas import Condition, Constant, Formula, Hinge, Linear, Step, Switch, Tiles

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.intp]
Shapes = dict[str, Shape]
"""Dimension name to shape, outermost dimension first."""
Term = tuple[int, ...]
"""Which function of each dimension's leaf a product takes: 0 is the constant."""

LEFT_OUT = 3.0
"""Nats that it costs a product to leave out a dimension: about one in twenty does."""
FEWEST_OWN = 3
"""Points that a cell needs to be fitted by itself; below, another cell's formula says more than a constant would."""


class Points(msgspec.Struct, frozen=True):
    """Measured points, each array of shape (n,).

    Attributes:
        dimensions: values by name.
        seconds: what was measured.
        reported_noise: relative error that the measurements claim.
        weights: how much each counts, 0 to 1.
        derived: those dimensions that follow from the others, as the bytes moved do: they part regimes and do nothing else.
    """

    dimensions: dict[str, Floats]
    seconds: Floats
    reported_noise: float
    weights: Floats
    derived: tuple[str, ...] = ()

    def __len__(self) -> int:
        return len(self.seconds)

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


class Fork(msgspec.Struct, frozen=True):
    """Two structures with nothing in common but their dimensions, and the condition on one of these that parts them.

    Runtimes have kernels of their own for sizes that fill their blocks: neither blocks nor caches of one are the other's.
    """

    name: str
    condition: Condition
    then: "Structure"
    otherwise: "Structure"


Structure = Shapes | Fork
"""The shapes of one kernel, or of several."""


class Cell(msgspec.Struct, frozen=True):
    """One regime of every dimension, its products and their coefficients."""

    leaves: tuple[Leaf, ...]
    terms: tuple[Term, ...]
    coefficients: tuple[float, ...]
    noise: float
    cost: float

    def columns(self, dimensions: Mapping[str, Floats]) -> Floats:
        """The cell's products at points, shape (terms, n)."""
        return products(self.leaves, self.terms, dimensions)

    def predict(self, dimensions: Mapping[str, Floats]) -> Floats:
        """Seconds at points that belong to the cell."""
        return np.asarray(self.coefficients) @ self.columns(dimensions)


class JointFit(msgspec.Struct, frozen=True, eq=False, dict=True):
    """A structure with the cells fitted to it, in the order of `cell_masks`, and the points that they were fitted to."""

    structure: Structure
    cells: tuple[Cell, ...]
    points: Points
    cost: float

    @cached_property
    def noise(self) -> float:
        """Root mean square of what is left of every point's time, no point more than wholly off."""
        shares = self.predict(self.points.dimensions) / self.points.seconds
        return float(np.sqrt(np.mean(np.minimum((1.0 - shares) ** 2, 1.0))))

    def formula(self, repeated: Mapping[str, str] = {}) -> Formula:
        """The fit as a formula tree: switches outermost, steps and lines nested inside.

        Args:
            repeated: dimensions that have a second name in the structure, by that name.
        """
        return _formula(self.structure, list(self.cells), repeated)

    @property
    def shapes(self) -> Shapes:
        """The structure of a fit without forks."""
        assert not isinstance(self.structure, Fork)
        return self.structure

    def predict(self, dimensions: Mapping[str, Floats]) -> Floats:
        """Seconds at points."""
        dimensions = {name: dimensions[name] for name in names_of(self.structure)}
        seconds = np.empty(len(next(iter(dimensions.values()))))
        for cell, mask in zip(self.cells, cell_masks(self.structure, dimensions), strict=True):
            seconds[mask] = cell.predict({name: values[mask] for name, values in dimensions.items()})
        return seconds

    def relative_columns(self, dimensions: Mapping[str, Floats]) -> Floats:
        """How the relative prediction answers to each coefficient at points, shape (n, coefficients)."""
        dimensions = {name: dimensions[name] for name in names_of(self.structure)}
        masks = cell_masks(self.structure, dimensions)
        blocks = [np.where(mask, cell.columns(dimensions), 0.0) for cell, mask in zip(self.cells, masks, strict=True)]
        return (np.concatenate(blocks) / np.maximum(self.predict(dimensions), 1e-12)).T


def cell_masks(structure: Structure, dimensions: Mapping[str, Floats]) -> list[Mask]:
    """For every cell, the points in it; cells in the order of the product of the dimensions' leaves, `then` sides first."""
    if isinstance(structure, Fork):
        holds = structure.condition.holds(dimensions[structure.name])
        inside = [holds & mask for mask in cell_masks(structure.then, dimensions)]
        return inside + [~holds & mask for mask in cell_masks(structure.otherwise, dimensions)]
    parts = [regimes(shape, dimensions[name]) for name, shape in structure.items()]
    return [np.logical_and.reduce(masks) for masks in itertools.product(*parts)]


def names_of(structure: Structure) -> tuple[str, ...]:
    """The dimensions of a structure, the outermost first."""
    return names_of(structure.then) if isinstance(structure, Fork) else tuple(structure)


def _kinds(structure: Structure) -> tuple[tuple[Leaf, ...], ...]:
    """The leaves of every cell, in the order of `cell_masks`."""
    if isinstance(structure, Fork):
        return _kinds(structure.then) + _kinds(structure.otherwise)
    return tuple(itertools.product(*(list(leaves(shape)) for shape in structure.values())))


def _naming(structure: Structure) -> float:
    """Nats it takes to name a structure."""
    if isinstance(structure, Fork):
        return condition_cost(structure.condition) + _naming(structure.then) + _naming(structure.otherwise)
    return sum(map(naming_cost, structure.values()))


def products(cell: Sequence[Leaf], terms: Sequence[Term], dimensions: Mapping[str, Floats]) -> Floats:
    """The products at points, shape (terms, n); `dimensions` in the order of the cell's leaves.

    Stairs that count blocks are one higher in products with other functions than alone, where there is a constant beside them.
    """
    found = np.ones((len(terms), len(next(iter(dimensions.values())))))
    functions = np.array(terms, dtype=np.intp).reshape(len(terms), len(cell)).T
    is_product = (functions > 0).sum(axis=0) > 1
    for leaf, values, chosen in zip(cell, dimensions.values(), functions, strict=True):
        if leaf != CONSTANT:
            columns = leaf.columns(values)[chosen]
            counting = leaf.counting()
            if counting:
                columns[is_product & (chosen >= counting.start) & (chosen < counting.stop)] += 1.0
            found *= columns
    return found


@lru_cache(maxsize=4096)
def all_terms(cell: tuple[Leaf, ...]) -> tuple[Term, ...]:
    """Every product of one function of each dimension, the constant first; lines from knots on stand alone."""
    terms = itertools.product(*(range(leaf.terms()) for leaf in cell))
    if not any(leaf.knots for leaf in cell):
        return tuple(terms)
    hinges = [range(leaf.terms())[leaf.hinges()] for leaf in cell]
    return tuple(term for term in terms if sum(map(bool, term)) < 2 or not _has_hinge(term, hinges))


@lru_cache(maxsize=256)
def _all_products(kind: tuple[Leaf, ...], values: tuple[bytes, ...]) -> Floats:
    """`all_terms` at points, shape (terms, n): remembered, since regimes and the structures that are tried share most kinds.

    Args:
        kind: the leaves of a cell.
        values: of each dimension at the points, an array's bytes.
    """
    found = products(kind, all_terms(kind), {str(place): np.frombuffer(one) for place, one in enumerate(values)})
    found.flags.writeable = False
    return found


def _has_hinge(term: Term, hinges: Sequence[range]) -> bool:
    return any(function in among for function, among in zip(term, hinges, strict=True))


def fit_structure(points: Points, structure: Structure) -> JointFit:
    """Fit every cell of a structure: see `fit_structures`."""
    return fit_structures([(points, structure)])[0]


def fit_structures(wanted: Sequence[tuple[Points, Structure]]) -> list[JointFit]:
    """Fit every cell of structures, each to points of its own; many at once take far less time than one by one.

    A cell with too few points of its own is a fitted one made faster or slower by one ratio; an empty one is the nearest
    fitted one as it is.

    Args:
        wanted: at least one point each, and a shape for every dimension of the points.
    """
    parted = [_parted(points, structure) for points, structure in wanted]
    choices = iter(choose([task for parts in parted for task in parts.tasks()]))
    return [parts.fitted([next(choices) for _ in parts.own]) for parts in parted]


class _Source(NamedTuple):
    """A cell that was fitted by itself, and its seconds at all points, those of other cells, too."""

    cell: Cell
    seconds: Floats


class _Parted(msgspec.Struct, frozen=True):
    """Points parted by a structure.

    Attributes:
        structure: a shape for every dimension of the points.
        points: all of them, their dimensions in the structure's order.
        values: of each dimension, as `_all_products` takes them.
        insides: which points are in each cell, cells in the order of `cell_masks`.
        kinds: the leaves of each cell.
        own: the numbers of the cells that are fitted by themselves, that with most points first.
        others: those of the cells that are not, alike.
    """

    structure: Structure
    points: Points
    values: tuple[bytes, ...]
    insides: tuple[Whole, ...]
    kinds: tuple[tuple[Leaf, ...], ...]
    own: tuple[int, ...]
    others: tuple[int, ...]

    def tasks(self) -> Iterator[Task]:
        """What products are to be chosen for, in the order of `own`."""
        points, total = self.points, len(self.points)
        for number in self.own:
            inside, kind = self.insides[number], self.kinds[number]
            columns = _all_products(kind, self.values).take(inside, axis=1)
            yield Task(columns, points.seconds[inside], points.weights[inside], points.reported_noise, total, _unlikely(kind))

    def fitted(self, choices: Sequence[Choice]) -> JointFit:
        """All cells, by what was chosen for those in `own`."""
        found: dict[int, Cell] = {}
        sources: list[_Source] = []
        for number, choice in zip(self.own, choices, strict=True):
            kind = self.kinds[number]
            own = _cell(kind, choice)
            alike = [source for source in sources if source.cell.leaves == kind]
            borrowed = [self._borrowed(number, alike)] if alike else []
            found[number] = min([*borrowed, own], key=lambda cell: cell.cost)
            if found[number] is own and len(self.insides) > 1:
                columns = _all_products(kind, self.values)[list(choice.terms)]
                sources.append(_Source(own, np.asarray(choice.coefficients) @ columns))
        found.update((number, self._borrowed(number, sources)) for number in self.others)
        cells = tuple(found[number] for number in range(len(self.insides)))
        cost = sum(cell.cost for cell in cells) + _naming(self.structure)
        return JointFit(self.structure, cells, self.points, cost)

    def _borrowed(self, number: int, sources: Sequence[_Source]) -> Cell:
        """The likeliest of some fitted cells, made faster or slower by the points of another regime (none: as it is)."""
        inside = self.insides[number]
        if not len(inside):
            return msgspec.structs.replace(sources[0].cell, cost=0.0)
        seconds, weights = self.points.seconds[inside], self.points.weights[inside]
        ratios = seconds / np.maximum([source.seconds[inside] for source in sources], 1e-12)
        ordered = np.sort(ratios, axis=1)
        medians = 0.5 * (ordered[:, (len(inside) - 1) // 2] + ordered[:, len(inside) // 2])
        squares = (sharpness(seconds) * (1.0 - medians[:, None] / ratios)) ** 2
        noise = np.maximum([source.cell.noise for source in sources], self.points.reported_noise)
        costs = misfit_of(squares, noise[:, None] ** 2, weights) + 0.5 * math.log(len(self.points))
        best = int(costs.argmin())
        cell, ratio = sources[best].cell, float(medians[best])
        coefficients = tuple(value * ratio for value in cell.coefficients)
        return msgspec.structs.replace(cell, coefficients=coefficients, cost=float(costs[best]))


def _parted(points: Points, structure: Structure) -> _Parted:
    points = points.ordered(names_of(structure))
    insides = tuple(map(np.flatnonzero, cell_masks(structure, points.dimensions)))
    largest, *others = sorted(range(len(insides)), key=lambda number: -len(insides[number]))
    return _Parted(
        structure,
        points,
        tuple(values.tobytes() for values in points.dimensions.values()),
        insides,
        _kinds(structure),
        (largest, *(number for number in others if len(insides[number]) >= FEWEST_OWN)),
        tuple(number for number in others if len(insides[number]) < FEWEST_OWN),
    )


@lru_cache(maxsize=4096)
def _unlikely(kind: tuple[Leaf, ...]) -> Floats:
    """Nats against each of `all_terms`: work is the product of all dimensions, and what leaves some out is less likely.

    Points that lie on one line cannot tell filters times channels from filters alone; all other layers can. What comes from
    beyond a cache is no product.
    """
    terms = np.array(all_terms(kind), dtype=np.intp).reshape(-1, len(kind))
    moving = [leaf.terms() > 1 + len(leaf.knots) for leaf in kind]
    left_out = (terms[:, moving] == 0).sum(axis=1)
    hinges = [leaf.hinges() for leaf in kind]
    beyond_knots = (terms >= [hinge.start for hinge in hinges]) & (terms < [hinge.stop for hinge in hinges])
    against: Floats = np.where(terms.any(axis=1) & ~beyond_knots.any(axis=1), LEFT_OUT * left_out, 0.0)
    return against


def _cell(kind: tuple[Leaf, ...], choice: Choice) -> Cell:
    open_ = all_terms(kind)
    return Cell(kind, tuple(open_[i] for i in choice.terms), choice.coefficients, choice.noise, choice.cost)


def _formula(structure: Structure, cells: list[Cell], repeated: Mapping[str, str]) -> Formula:
    """The formula of a structure with these cells, in the order of `cell_masks`; `repeated` as of `JointFit.formula`."""
    if isinstance(structure, Fork):
        first = len(_kinds(structure.then))
        then = _formula(structure.then, cells[:first], repeated)
        otherwise = _formula(structure.otherwise, cells[first:], repeated)
        return Switch(repeated.get(structure.name, structure.name), structure.condition, then, otherwise)
    return _switches([(repeated.get(name, name), shape) for name, shape in structure.items()], cells)


def _switches(shapes: list[tuple[str, Shape]], cells: list[Cell]) -> Formula:
    """Switch nodes for every split, around the cells' formulas; consumes `cells` in order."""
    names = [name for name, _ in shapes]

    def descend(rest: list[tuple[str, Shape]], inside: list[Cell]) -> Formula:
        if not rest:
            return _nest(names, inside[0])
        (name, shape), *others = rest
        each = len(inside) // sum(1 for _ in leaves(shape))

        def branch(part: Shape, cells_of: list[Cell]) -> Formula:
            if isinstance(part, Leaf):
                return descend(others, cells_of)
            size = each * sum(1 for _ in leaves(part.then))
            then, otherwise = branch(part.then, cells_of[:size]), branch(part.otherwise, cells_of[size:])
            return then if then == otherwise else Switch(name, part.condition, then, otherwise)

        return branch(shape, inside)

    return descend(shapes, cells)


def _nest(names: Sequence[str], cell: Cell) -> Formula:
    """A cell's sum of products as nested lines and steps, the first dimension outermost."""

    def build(depth: int, chosen: dict[Term, float]) -> Formula:
        if depth == len(names):
            return Constant(sum(chosen.values()))
        leaf, name = cell.leaves[depth], names[depth]
        parts = {i: {t: v for t, v in chosen.items() if t[depth] == i and v > 0.0} for i in range(leaf.terms())}
        first_blocks = {t: v for i in leaf.counting() for t, v in parts[i].items() if sum(map(bool, t)) > 1}
        formula = build(depth + 1, parts[0] | first_blocks)
        first_stair = 1 + leaf.linear
        if leaf.linear and parts[1]:
            formula = Linear(name, formula, build(depth + 1, parts[1]), leaf.offset)
        for i, width in enumerate(leaf.widths, first_stair):
            if parts[i]:
                formula = Step(name, width, formula, build(depth + 1, parts[i]))
        for i, knot in enumerate(leaf.knots, first_stair + len(leaf.widths)):
            if parts[i]:
                formula = Hinge(name, knot, formula, build(depth + 1, parts[i]))
        if leaf.tiling is not None:
            last = leaf.terms() - 1
            if parts[last - 1] or parts[last]:
                whole, piece = build(depth + 1, parts[last - 1]), build(depth + 1, parts[last])
                formula = Tiles(name, leaf.tiling, formula, whole, piece)
        return formula

    return build(0, dict(zip(cell.terms, cell.coefficients, strict=True)))
