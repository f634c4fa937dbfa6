"""The formula of one class of layers, from its measurements."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.classes import LayerClass
from blackthorn.fitting.correction import Corrected, corrected
from blackthorn.fitting.evidence import LEAST_NOISE
from blackthorn.fitting.joint import cost_of
from blackthorn.fitting.kernels import kernels_search
from blackthorn.fitting.leaving_out import Validated, cross_validation, rmspe
from blackthorn.fitting.lines import without_crowds
from blackthorn.fitting.lockstep import Lockstep, finished, side_by_side
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import CONSTANT, LINE
from blackthorn.layers import Quantities, layer_kind, vocabulary
from blackthorn.records import LayerFormula
from blackthorn.units import MS_PER_SECOND

Floats = NDArray[np.float64]

ALIKE = 0.25
"""Structures whose left-out errors differ by fewer standard errors than this are alike. After the rule of Breiman, Friedman,
Olshen and Stone, "Classification and regression trees", 1984, with errors at the same points compared in pairs; and a quarter
where theirs is one, since a dozen points would otherwise always take the shortest."""
MOST_ON_LINE = 48
"""Points of one line that count where several dimensions vary: an adaptive sweep takes fewer."""


def fit_class(group: LayerClass) -> LayerFormula:
    """The formula of a class, its errors and what a layer outside the fit may be off by.

    Args:
        group: at least one measurement.
    """
    return fit_classes([group])[0]


def fit_classes(groups: Sequence[LayerClass]) -> list[LayerFormula]:
    """`fit_class` of each; small classes take half the time together, since their searches share calls."""
    measured = [points_of(group) for group in groups]
    spread = [without_crowds(points, MOST_ON_LINE) if len(points.dimensions) > 1 else points for points in measured]
    found = finished(side_by_side(map(likely_search, spread)))
    return [
        _class_formula(group, points, likely[0], corrected(kept, likely, layer_kind(group.layer).repeated))
        for group, points, kept, likely in zip(groups, measured, spread, found, strict=True)
    ]


def _class_formula(group: LayerClass, points: Points, validated: Validated, better: Corrected | None) -> LayerFormula:
    """What a structure says of a class, made better by a correction where there is one."""
    best, left_out = validated
    correction, residuals = better or (None, left_out.residuals)
    formula = best.formula(layer_kind(group.layer).repeated)
    seconds = best.predict(points.dimensions)
    factor = 1.0 if correction is None else correction.factor(points.dimensions, seconds)
    return LayerFormula(
        layer=group.layer,
        precision=group.precision,
        fixed=group.fixed,
        ranges={name: _range(group, name) for name in _moved(group)},
        formula=formula,
        text=f"latency in ms = {formula.text(MS_PER_SECOND)}",
        points=len(points),
        rmspe=rmspe(factor * seconds / points.seconds - 1.0),
        rmspe_cross_validated=rmspe(residuals),
        residuals=tuple(round(float(value), 5) for value in residuals),
        correction=correction,
        reference=group.reference,
        saved=group.saved,
        timing_error=_timing_error(group),
    )


def _timing_error(group: LayerClass) -> float | None:
    """The root mean square of what timings are off by themselves, in percent; None where nothing was timed beside them."""
    return None if group.reference is None else rmspe(np.array([point.relative_error for point in group.measurements]))


def _moved(group: LayerClass) -> tuple[str, ...]:
    """The dimensions that a formula of the class is over: at least one."""
    return group.swept() or tuple(group.fixed)[:1]


def _range(group: LayerClass, name: str) -> tuple[int, int]:
    """The smallest and the largest measured value of a dimension."""
    values = [measurement.probe.dimensions[name] for measurement in group.measurements]
    return min(values), max(values)


def points_of(group: LayerClass) -> Points:
    """A class's measurements as arrays, each weighed by how sure it is."""
    kind = layer_kind(group.layer)
    spoken = vocabulary(kind, _moved(group), group.fixed)
    quantities = Quantities(kind, group.precision, [measurement.probe.dimensions for measurement in group.measurements])
    dimensions = {name: quantities[name] for name in spoken.derived + spoken.free}
    seconds = np.array([measurement.seconds for measurement in group.measurements])
    errors = np.maximum(LEAST_NOISE, [measurement.relative_error for measurement in group.measurements])
    noise = float(np.median(errors))
    weights = np.minimum(1.0, (noise / errors) ** 2)
    return Points(dimensions, seconds, noise, weights, spoken.derived, spoken.merged, spoken.borders)


def likely_search(points: Points) -> Lockstep[list[Validated]]:
    """A search for the likeliest structures, and one of straight lines alone; the one that predicts left-out points best first.

    Along one dimension the shortest description decides alone: its points are dense enough to tell widths apart. In several,
    a structure can fit every point and still go astray between them, which only points left out can tell; of those that do so
    alike, the shortest description.
    """
    fits = yield from kernels_search(points)
    if len(points.dimensions) == 1:
        (left_out,) = yield from cross_validation(points, fits[:1])
        return [(fits[0], left_out)]
    lines = yield [(points, {name: CONSTANT if name in points.derived else LINE for name in points.dimensions})]
    likely = sorted((*fits, *lines), key=cost_of)
    validated = yield from cross_validation(points, likely)
    found = list(zip(likely, validated, strict=True))
    best = best_of(points, found)
    return [best, *(one for one in found if one is not best)]


def best_of(points: Points, tried: Sequence[Validated]) -> Validated:
    """Of structures, the shortest description first, the first that predicts left-out points as well as any may by chance."""
    squares = [left_out.squares(points) for _, left_out in tried]
    least = min(squares, key=np.mean)
    return next(entry for entry, own in zip(tried, squares, strict=True) if _are_alike(own - least))


def _are_alike(worse_by: Floats) -> bool:
    """Whether squared errors that are so much larger, point by point, may be so by chance."""
    return float(worse_by.mean()) <= ALIKE * float(worse_by.std()) / math.sqrt(len(worse_by))
