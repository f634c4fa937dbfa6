"""Which structure explains the points: shapes proposed by slices, judged by all points together.

Along every dimension the points that differ in it alone form slices. The likeliest shapes of the longest slices are tried in
turn, one dimension at a time, each against all points (coordinate descent on the description length); then every width is
tried in place of the chosen one.
"""

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import fit_candidates
from blackthorn.fitting.joint import JointFit, Points, Structure, cell_masks, fit_structure, products
from blackthorn.fitting.lines import lines, thinned
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Shape
from blackthorn.fitting.slices import Search, block_cost, explain
from blackthorn.formulas.step import steps_climbed

Floats = NDArray[np.float64]

FEWEST_IN_SLICE = 5
MOST_SLICES = 2
MOST_IN_SLICE = 128
"""Points of a slice that propose shapes; all points judge them."""
SHAPES_OF_SLICE = 4
MOST_ROUNDS = 3
ALTERNATIVES = 8
WIDTHS_OF_JOINT = 3
USUAL_WIDTHS = (4, 8, 16, 32)
"""Tried where no slice tells."""


def fit_points(points: Points) -> list[JointFit]:
    """The structures that explain the points with the shortest descriptions, best first, at most `ALTERNATIVES`.

    Args:
        points: at least one; dimensions in the order in which they are to be nested, the outermost first.
    """
    shapes = {name: list(dict.fromkeys(proposals(points, name))) for name in points.dimensions}
    first = fit_structure(points, {name: proposed[0] for name, proposed in shapes.items()})
    tried = {structure_key(first.structure): first}

    def cheapest() -> JointFit:
        return min(tried.values(), key=_cost)

    for _ in range(MOST_ROUNDS):
        before = cheapest().cost
        for name, proposed in shapes.items():
            for shape in [*proposed, *_likely_widths(points, cheapest(), name)]:
                structure = {**cheapest().structure, name: shape}
                if structure_key(structure) not in tried:
                    tried[structure_key(structure)] = fit_structure(points, structure)
        if cheapest().cost >= before:
            break
    return sorted(tried.values(), key=_cost)[:ALTERNATIVES]


def structure_key(structure: Structure) -> tuple[tuple[str, Shape], ...]:
    """A structure as something that can be looked up."""
    return tuple(structure.items())


def _cost(fit: JointFit) -> float:
    return fit.cost


def proposals(points: Points, name: str) -> Iterator[Shape]:
    """Shapes worth trying along a dimension, the likeliest first."""
    values = points.dimensions[name]
    if values.min() == values.max():
        yield CONSTANT
        return
    search = Search(int(values.min()), int(values.max()), _spacing(values))
    for line in islice(lines(points, name), MOST_SLICES):
        if line.sum() < FEWEST_IN_SLICE:
            break
        along = points.where(thinned(values, line, MOST_IN_SLICE))
        columns = (tuple(part.tolist()) for part in (along.dimensions[name], along.seconds, along.weights))
        explained = explain(*columns, points.reported_noise, search)
        yield from (explanation.shape for explanation in explained[:SHAPES_OF_SLICE])
    yield from (LINE, CONSTANT)
    yield from (Leaf((width,)) for width in USUAL_WIDTHS if search.step < width < search.high)


def _spacing(values: Floats) -> int:
    """The largest number that divides every value: 16 for channels that were measured in multiples of 16."""
    return int(np.gcd.reduce(np.unique(values).astype(np.int64)))


def _likely_widths(points: Points, best: JointFit, name: str) -> list[Shape]:
    """The likeliest other widths along one dimension, all tried at once on the products chosen already."""
    shape = best.structure[name]
    if not isinstance(shape, Leaf) or len(shape.widths) != 1:
        return []
    values = points.dimensions[name]
    widths = Search(int(values.min()), int(values.max()), _spacing(values)).widths()
    if not len(widths):
        return []
    cost = block_cost(widths, len(widths)) + sum(_width_costs(points, best, name, widths))
    return [Leaf((int(widths[i]),), shape.linear) for i in np.argsort(cost, kind="stable")[:WIDTHS_OF_JOINT]]


def _width_costs(points: Points, best: JointFit, name: str, widths: NDArray[np.int64]) -> Iterator[Floats]:
    """For every cell that has points, the cost of each width."""
    place = list(best.structure).index(name)
    points = points.ordered(best.structure)
    for cell, mask in zip(best.cells, cell_masks(best.structure, points.dimensions), strict=True):
        inside = points.where(mask)
        if len(inside):
            climbs = np.array([term[place] == cell.leaves[place].terms() - 1 for term in cell.terms])
            without = [
                (*term[:place], 0 if climb else term[place], *term[place + 1 :])
                for term, climb in zip(cell.terms, climbs, strict=True)
            ]
            others = products(cell.leaves, without, inside.dimensions) / inside.seconds
            stairs = steps_climbed(inside.dimensions[name], widths[:, None])
            designs = others * np.where(climbs[:, None], stairs[:, None, :], 1.0)
            present = np.broadcast_to(inside.weights, (len(widths), len(inside)))
            yield fit_candidates(designs.transpose(0, 2, 1), present, points.reported_noise, len(points)).cost
