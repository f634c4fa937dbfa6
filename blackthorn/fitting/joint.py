"""Several dimensions at once: the coefficients of a structure, fitted to all points together.

Which products the formula of a cell needs is decided by description length; a cell with too few points borrows from another.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cached_property, lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.cells import (
    Cell,
    Fork,
    Shapes,
    Structure,
    all_terms,
    cell_masks,
    kinds_of,
    names_of,
    products,
    structure_cost,
)
from blackthorn.fitting.evidence import coefficient_cost, misfit_of, sharpness
from blackthorn.fitting.formula_tree import formula_of
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import Leaf
from blackthorn.fitting.stepwise import Choice, Task, choose
from blackthorn.formulas import Formula

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]
Mask = NDArray[np.bool_]

LEFT_OUT = 1.0
"""Nats that it costs a product to leave out a dimension: about one in four does."""
FEWEST_OWN = 3
"""Points that a cell needs to be fitted by itself; below, another cell's formula says more than a constant would."""


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
        return formula_of(self.structure, self.cells, repeated)

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


def cost_of(fit: JointFit) -> float:
    """Nats that a fit takes to describe: the less, the better."""
    return fit.cost


def fit_structure(points: Points, structure: Structure) -> JointFit:
    """Fit every cell of a structure: see `fit_structures`."""
    return fit_structures([(points, structure)])[0]


def fit_structures(wanted: Sequence[tuple[Points, Structure]]) -> list[JointFit]:
    """Fit every cell of structures, each to points of its own; many at once take far less time than one by one.

    A cell that several structures share is fitted once. One with too few points of its own is a fitted one made faster or
    slower by one ratio; an empty one is the nearest fitted one as it is.

    Args:
        wanted: at least one point each, and a shape for every dimension of the points.
    """
    parted = [_parted(points, structure) for points, structure in wanted]
    tasks: dict[_SharedCell, Task] = {}
    for parts in parted:
        tasks.update((cell, parts.task(number)) for number, cell in parts.own.items() if cell not in tasks)
    choices = dict(zip(tasks, choose(list(tasks.values())), strict=True))
    return [parts.fitted({number: choices[cell] for number, cell in parts.own.items()}) for parts in parted]


_SharedCell = tuple[int, tuple[Leaf, ...], bytes]
"""What tells a cell: the identity of the points, its leaves, and which of the points are in it. Structures that differ
elsewhere share it."""


class _Source(NamedTuple):
    """A cell that was fitted by itself, and its seconds at all points, those of other cells, too."""

    cell: Cell
    seconds: Floats


class _Parted(msgspec.Struct, frozen=True):
    """Points parted by a structure.

    Attributes:
        structure: a shape for every dimension of the points.
        points: all of them.
        values: of each dimension, in the structure's order, as `_all_products` takes them.
        insides: which points are in each cell, cells in the order of `cell_masks`.
        kinds: the leaves of each cell.
        own: the cells that are fitted by themselves, by their numbers, that with most points first.
        others: the numbers of the cells that are not, alike.
    """

    structure: Structure
    points: Points
    values: tuple[bytes, ...]
    insides: tuple[Whole, ...]
    kinds: tuple[tuple[Leaf, ...], ...]
    own: dict[int, _SharedCell]
    others: tuple[int, ...]

    def task(self, number: int) -> Task:
        """What products are to be chosen for in a cell."""
        points, inside, kind = self.points, self.insides[number], self.kinds[number]
        columns = _all_products(kind, self.values).take(inside, axis=1)
        seconds, weights = points.seconds[inside], points.weights[inside]
        return Task(columns, seconds, weights, points.reported_noise, len(points), _unlikely(kind), _beyond_knots(kind))

    def fitted(self, choices: Mapping[int, Choice]) -> JointFit:
        """All cells, by what was chosen for those in `own`, in that order."""
        found: dict[int, Cell] = {}
        sources: list[_Source] = []
        for number, choice in choices.items():
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
        cost = sum(cell.cost for cell in cells) + structure_cost(self.structure)
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
        residuals = sharpness(seconds) * (1.0 - medians[:, None] / ratios)
        noise = np.maximum([source.cell.noise for source in sources], self.points.reported_noise)
        costs = misfit_of(residuals, noise[:, None] ** 2, weights) + coefficient_cost(len(self.points))
        best = int(costs.argmin())
        cell, ratio = sources[best].cell, float(medians[best])
        coefficients = tuple(value * ratio for value in cell.coefficients)
        return msgspec.structs.replace(cell, coefficients=coefficients, cost=float(costs[best]))


def _parted(points: Points, structure: Structure) -> _Parted:
    names, kinds = names_of(structure), kinds_of(structure)
    insides = tuple(map(np.flatnonzero, cell_masks(structure, points.dimensions)))
    largest, *others = sorted(range(len(insides)), key=lambda number: -len(insides[number]))
    own = (largest, *(number for number in others if len(insides[number]) >= FEWEST_OWN))
    return _Parted(
        structure,
        points,
        tuple(points.as_bytes[name] for name in names),
        insides,
        kinds,
        {number: (id(points), kinds[number], insides[number].tobytes()) for number in own},
        tuple(number for number in others if number not in own),
    )


@lru_cache(maxsize=4096)
def _unlikely(kind: tuple[Leaf, ...]) -> Floats:
    """Nats against each of `all_terms`: work is the product of all dimensions, and what leaves some out is less likely.

    Points that lie on one line cannot tell filters times channels from filters alone; all other layers can. What comes from
    beyond a cache is no product.
    """
    terms = np.array(all_terms(kind), dtype=np.intp).reshape(-1, len(kind))
    moving = [leaf.moves() for leaf in kind]
    left_out = (terms[:, moving] == 0).sum(axis=1)
    against: Floats = np.where(terms.any(axis=1) & ~_among(kind, Leaf.hinges), LEFT_OUT * left_out, 0.0)
    return against


@lru_cache(maxsize=4096)
def _beyond_knots(kind: tuple[Leaf, ...]) -> Mask:
    """Which of `all_terms` are nothing up to a knot."""
    return _among(kind, Leaf.hinges) | _among(kind, Leaf.ratios)


def _among(kind: tuple[Leaf, ...], functions: Callable[[Leaf], slice]) -> Mask:
    """Which of `all_terms` have one of these functions of any leaf."""
    terms = np.array(all_terms(kind), dtype=np.intp).reshape(-1, len(kind))
    sought = [functions(leaf) for leaf in kind]
    found = (terms >= [one.start for one in sought]) & (terms < [one.stop for one in sought])
    return np.asarray(found.any(axis=1))


def _cell(kind: tuple[Leaf, ...], choice: Choice) -> Cell:
    open_ = all_terms(kind)
    return Cell(kind, tuple(open_[i] for i in choice.terms), choice.coefficients, choice.noise, choice.cost)


@lru_cache(maxsize=1024)
def _all_products(kind: tuple[Leaf, ...], values: tuple[bytes, ...]) -> Floats:
    """`all_terms` at points, shape (terms, n): remembered, since regimes and the structures that are tried share most kinds.

    Args:
        kind: the leaves of a cell.
        values: of each dimension at the points, an array's bytes.
    """
    found = products(kind, all_terms(kind), {str(place): np.frombuffer(one) for place, one in enumerate(values)})
    found.flags.writeable = False
    return found
