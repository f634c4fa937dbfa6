"""From the options of `blackthorn sweep` to a checked plan, and to the selector that carries it out."""

from collections.abc import Mapping, Sequence
from functools import partial

from blackthorn.errors import BadValue
from blackthorn.layers import LayerKind, Quantities, layer_kind, vocabulary
from blackthorn.records import OUTPUT_SIZES, Dimensions, Precision, Range
from blackthorn.selection import AxisPoint, Selector
from blackthorn.selection.adaptive import DEFAULT_LIMIT, AdaptiveSelector
from blackthorn.sweeping import FullSelector, SweepPlan


def make_plan(
    layer: str,
    dims: Sequence[str],
    fixed: Dimensions,
    ranges: Mapping[str, Range],
    precision: Precision,
    max_points: int | None,
    max_macs: int | None,
    *,
    full: bool,
) -> SweepPlan:
    """The plan that the options describe.

    Args:
        layer: name of the layer kind.
        dims: the dimensions or shorthands to move, in the order of nesting.
        fixed: those held at a value.
        ranges: how far those of `dims` move that are not to cover their usual range.
        precision: number format of weights and activations.
        max_points: the most points, known ones included; None for the usual number, or for all of a full sweep.
        max_macs: multiply-accumulates of the largest layer; None for no bound.
        full: every point.

    Raises:
        UnknownName: there is no such layer kind, or it has no such dimension.
        BadValue: the plan cannot be carried out.
    """
    kind = layer_kind(layer)
    axes = {dim: ranges.get(dim) or usual_range(kind, dim) for dim in dims}
    _check_dims(kind, dims, ranges)
    limit = max_points if full else max_points or DEFAULT_LIMIT
    plan = SweepPlan(layer, axes, fixed, precision, limit, full, max_macs)
    plan.check()
    return plan


def usual_range(kind: LayerKind, name: str) -> Range:
    """What a sweep covers of a dimension, or of all dimensions of a shorthand, where no range is given.

    Raises:
        UnknownName: the layer kind has no such dimension.
    """
    members = [kind.dimension(member) for member in kind.spell_out({name: 1})]
    return Range(max(member.lowest for member in members), min(member.highest for member in members))


def make_selector(plan: SweepPlan) -> Selector:
    """Every point for a full sweep, else those that tell most."""
    if plan.full:
        return FullSelector(plan.axes, plan.limit)
    allowed = None if plan.most_macs is None else plan.allows
    moved = [member for axis in plan.axes for member in plan.kind.spell_out({axis: 1})]
    spoken = vocabulary(plan.kind, moved, plan.fixed_dimensions())
    members = {axis: tuple(name for name in _members(plan.kind, axis) if name in spoken.free) for axis in plan.axes}
    derived, following = (
        {name: partial(_quantity, plan, name) for name in names} for names in (spoken.derived, spoken.following)
    )
    return AdaptiveSelector(plan.axes, members, plan.limit or DEFAULT_LIMIT, allowed, derived, following, spoken.borders)


def _quantity(plan: SweepPlan, name: str, point: AxisPoint) -> float:
    """What follows from the layer at a point; 1 where there is no such layer, or it is too large."""
    try:
        return float(Quantities(plan.kind, plan.precision, [plan.probe_at(point).dimensions])[name][0])
    except BadValue:
        return 1.0


def _members(kind: LayerKind, axis: str) -> tuple[str, ...]:
    """What an axis moves as formulas may name it."""
    moved = kind.shorthands.get(axis, (axis,))
    outputs = (OUTPUT_SIZES[name] for name in moved if name in OUTPUT_SIZES)
    return (*moved, *outputs, *(name for name, dimension in kind.repeated.items() if dimension in moved))


def _check_dims(kind: LayerKind, dims: Sequence[str], ranges: Mapping[str, Range]) -> None:
    """Refuse what would go unheeded: a dimension named twice, a range of one that does not move."""
    for dim in dims:
        if dims.count(dim) > 1:
            raise BadValue(f"--dim {dim} is given twice", "name each dimension once")
    for name, values in ranges.items():
        kind.spell_out({name: 1})
        if name not in dims:
            raise BadValue(f"--range {name}={values} is given, but {name} is not swept", f"add --dim {name}")
