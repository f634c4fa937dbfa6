"""From the cells of a fitted structure to the formula tree that people read and models store."""

from collections.abc import Mapping, Sequence

from blackthorn.fitting.cells import Cell, Fork, Structure, Term, kinds_of
from blackthorn.fitting.shapes import Leaf, Shape, leaves
from blackthorn.formulas import AtBorder, Constant, Formula, Hinge, Linear, Missed, Step, Switch, Tiles


def formula_of(structure: Structure, cells: Sequence[Cell], repeated: Mapping[str, str]) -> Formula:
    """The formula of a structure: switches outermost, steps and lines nested inside.

    Args:
        structure: for the conditions between its cells.
        cells: in the order of `cell_masks`.
        repeated: dimensions that have a second name in the structure, by that name.
    """
    if isinstance(structure, Fork):
        first = len(kinds_of(structure.then))
        then = formula_of(structure.then, cells[:first], repeated)
        otherwise = formula_of(structure.otherwise, cells[first:], repeated)
        return Switch(repeated.get(structure.name, structure.name), structure.condition, then, otherwise)
    return _switches([(repeated.get(name, name), shape) for name, shape in structure.items()], cells)


def _switches(shapes: list[tuple[str, Shape]], cells: Sequence[Cell]) -> Formula:
    """Switch nodes for every split, around the cells' formulas."""
    names = [name for name, _ in shapes]

    def descend(rest: list[tuple[str, Shape]], inside: Sequence[Cell]) -> Formula:
        if not rest:
            return _nest(names, inside[0])
        (name, shape), *others = rest
        each = len(inside) // sum(1 for _ in leaves(shape))

        def branch(part: Shape, cells_of: Sequence[Cell]) -> Formula:
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
        first_stair = leaf.stairs().start
        if leaf.border is not None and parts[1]:
            formula = AtBorder(name, leaf.border, formula, build(depth + 1, parts[1]))
        if leaf.linear and parts[first_stair - 1]:
            formula = Linear(name, formula, build(depth + 1, parts[first_stair - 1]), leaf.offset)
        for i, width in enumerate(leaf.widths, first_stair):
            if parts[i]:
                formula = Step(name, width, formula, build(depth + 1, parts[i]))
        for i, (knot, sort) in enumerate(leaf.bends(), leaf.hinges().start):
            if parts[i]:
                node = Missed if sort == "misses" else Hinge
                formula = node(name, knot, formula, build(depth + 1, parts[i]))
        if leaf.tiling is not None:
            last = leaf.terms() - 1
            if parts[last - 1] or parts[last]:
                whole, piece = build(depth + 1, parts[last - 1]), build(depth + 1, parts[last])
                formula = Tiles(name, leaf.tiling, formula, whole, piece)
        return formula

    return build(0, dict(zip(cell.terms, cell.coefficients, strict=True)))
