"""From the sweeps of one device to its fitted model: one formula for each class of layers."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.errors import NotMeasured, WrongDevice
from blackthorn.fitting.correction import corrected
from blackthorn.fitting.evidence import LEAST_NOISE, bounded, sharpness
from blackthorn.fitting.joint import JointFit, cost_of
from blackthorn.fitting.kernels import kernels_search
from blackthorn.fitting.leaving_out import LeftOut, cross_validation, rmspe
from blackthorn.fitting.lines import without_crowds
from blackthorn.fitting.lockstep import Lockstep, finished_together
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import CONSTANT, LINE
from blackthorn.layers import Quantities, layer_kind, vocabulary
from blackthorn.records import (
    Device,
    Dimensions,
    FittedModel,
    LayerFormula,
    Measurement,
    Precision,
    Probe,
    Reference,
    Sweep,
)
from blackthorn.units import MS_PER_SECOND

Floats = NDArray[np.float64]

ALIKE = 0.25
"""Structures whose left-out errors differ by fewer standard errors than this are alike. After the rule of Breiman, Friedman,
Olshen and Stone, "Classification and regression trees", 1984, with errors at the same points compared in pairs; and a quarter
where theirs is one, since a dozen points would otherwise always take the shortest."""
MOST_ON_LINE = 48
"""Points of one line that count where several dimensions vary: an adaptive sweep takes fewer."""


FULL_SPEED = 0.1
"""The quantile of a reference's times that is its full speed: the least is noise, and a tenth is had on a busy machine, too."""


Validated = tuple[JointFit, LeftOut]
"""A structure, and how it predicts points that it is not fitted to."""


class LayerClass(msgspec.Struct, frozen=True):
    """Measurements of layers that are alike in all but the swept dimensions.

    Attributes:
        layer: the layer kind.
        precision: the number format of weights and activations.
        fixed: dimensions that all points share.
        measurements: each stated at the full speed of the machine.
        reference: the layer that most were timed beside, and what it takes at full speed; None where there was none.
    """

    layer: str
    precision: Precision
    fixed: Dimensions
    measurements: tuple[Measurement, ...]
    reference: Reference | None = None

    def swept(self) -> tuple[str, ...]:
        """The dimensions in which the measurements differ, in the layer kind's order."""
        return tuple(name for name in self.measurements[0].probe.dimensions if name not in self.fixed)


def fit_device(sweeps: Sequence[Sweep], created_at: str, made_by: str) -> FittedModel:
    """Fit everything that was measured on one device.

    Args:
        sweeps: of one device, at least one with a measurement.
        created_at: UTC time, ISO 8601, for the file.
        made_by: name and version of the program, for the file.

    Raises:
        WrongDevice: the sweeps are of more than one device.
        NotMeasured: no sweep holds a measurement.
    """
    device = _one_device(sweeps)
    layers = fit_classes(layer_classes(sweeps))
    if not layers:
        raise NotMeasured(f"the sweeps of {device.name} hold no measurement", "run 'blackthorn sweep' first")
    return FittedModel(device, tuple(layers), created_at, made_by)


def _one_device(sweeps: Sequence[Sweep]) -> Device:
    if not sweeps:
        raise NotMeasured("there are no sweeps to fit", "run 'blackthorn sweep' first")
    names = sorted({sweep.header.device.name for sweep in sweeps})
    if len(names) > 1:
        listed = ", ".join(names)
        raise WrongDevice(f"the sweeps are of {len(names)} devices ({listed})", "give the folder of one device at a time")
    return sweeps[-1].header.device


def layer_classes(sweeps: Sequence[Sweep]) -> list[LayerClass]:
    """The measurements grouped by layer kind, precision and every dimension that no sweep of the kind moves."""
    groups: dict[tuple[str, Precision], list[Sweep]] = defaultdict(list)
    for sweep in sweeps:
        groups[sweep.header.layer, sweep.header.precision].append(sweep)
    speeds = full_speeds(sweeps)
    return [found for key in sorted(groups) for found in _classes_of(*key, groups[key], speeds)]


def full_speeds(sweeps: Sequence[Sweep]) -> dict[str, Reference]:
    """What each reference takes while the machine is as fast as it can be, over all sweeps beside it, by its probe's key.

    That is a low quantile of what it took, or less where it was measured as a layer itself: that is done at full speed.
    """
    probes: dict[str, Probe] = {}
    beside: dict[str, list[tuple[Probe, float]]] = defaultdict(list)
    for sweep in sweeps:
        reference = sweep.header.reference
        if reference is not None:
            probes[reference.key] = reference
            times = ((measurement.probe, measurement.reference_seconds) for measurement in sweep.measurements)
            beside[reference.key] += [(probe, seconds) for probe, seconds in times if seconds is not None]
    return {key: Reference(probes[key], _full_speed(probes[key], times)) for key, times in beside.items() if times}


def _full_speed(reference: Probe, beside: Sequence[tuple[Probe, float]]) -> float:
    """What a reference takes at full speed, from what it took beside each probe, itself perhaps among them."""
    own = (seconds for probe, seconds in beside if probe == reference)
    often = float(np.quantile([seconds for _, seconds in beside], FULL_SPEED))
    return min(often, min(own, default=often))


def _classes_of(
    layer: str, precision: Precision, sweeps: Sequence[Sweep], speeds: Mapping[str, Reference]
) -> Iterator[LayerClass]:
    taken = {m.probe.key: (m, sweep.header.reference) for sweep in sweeps for m in sweep.measurements}
    moved = {name for s in sweeps for m in s.measurements for name in m.probe.dimensions if name not in s.header.fixed}
    classes: dict[tuple[int, ...], list[tuple[Measurement, Reference | None]]] = defaultdict(list)
    for _, (measurement, probe) in sorted(taken.items()):
        dimensions = measurement.probe.dimensions
        reference = None if probe is None else speeds.get(probe.key)
        classes[tuple(value for name, value in dimensions.items() if name not in moved)].append((measurement, reference))
    for members in classes.values():
        first = members[0][0].probe.dimensions
        same = {name: first[name] for name in first if all(m.probe.dimensions[name] == first[name] for m, _ in members)}
        stated = tuple(_at_full_speed(measurement, reference) for measurement, reference in members)
        beside = Counter(reference.probe.key for _, reference in members if reference is not None).most_common(1)
        yield LayerClass(layer, precision, same, stated, speeds[beside[0][0]] if beside else None)


def _at_full_speed(measurement: Measurement, reference: Reference | None) -> Measurement:
    """A measurement as it would have been at full speed."""
    if reference is None or measurement.reference_seconds is None:
        return measurement
    return msgspec.structs.replace(
        measurement,
        seconds=measurement.at_speed(reference.seconds),
        reference_seconds=reference.seconds,
        relative_error=measurement.error_at_speed(reference.seconds),
    )


def fit_class(group: LayerClass) -> LayerFormula:
    """The formula of one class: see `fit_classes`."""
    return fit_classes([group])[0]


def fit_classes(groups: Sequence[LayerClass]) -> list[LayerFormula]:
    """The formula of each class, its errors and what a layer outside the fit may be off by; several at once take less time.

    Args:
        groups: at least one measurement each.
    """
    every = [points_of(group) for group in groups]
    spread = [without_crowds(points, MOST_ON_LINE) if len(points.dimensions) > 1 else points for points in every]
    chosen = finished_together(best_search(points) for points in spread)
    return [_formula(*one) for one in zip(groups, every, spread, chosen, strict=True)]


def _formula(group: LayerClass, points: Points, spread: Points, chosen: Validated) -> LayerFormula:
    """What a class is described by, from all its points, those that were fitted, and the structure chosen."""
    best, left_out = chosen
    better = corrected(spread, best, left_out)
    correction, residuals = better or (None, left_out.residuals)
    formula = best.formula(layer_kind(group.layer).repeated)
    factor = 1.0 if correction is None else correction.factor(points.dimensions)
    return LayerFormula(
        layer=group.layer,
        precision=group.precision,
        fixed=group.fixed,
        ranges={name: _range(group, name) for name in _moved(group)},
        formula=formula,
        text=f"latency in ms = {formula.text(MS_PER_SECOND)}",
        points=len(points),
        rmspe=rmspe(factor * best.predict(points.dimensions) / points.seconds - 1.0),
        rmspe_cross_validated=rmspe(residuals),
        residuals=tuple(round(float(value), 5) for value in residuals),
        correction=correction,
        reference=group.reference,
    )


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


def best_search(points: Points) -> Lockstep[Validated]:
    """A search for that of the likeliest structures, and one of straight lines alone, which predicts left-out points best.

    Along one dimension the shortest description decides alone: its points are dense enough to tell widths apart. In several,
    a structure can fit every point and still go astray between them, which only points left out can tell; of those that do so
    alike, the shortest description.
    """
    fits = yield from kernels_search(points)
    if len(points.dimensions) == 1:
        (left_out,) = yield from cross_validation(points, fits[:1])
        return fits[0], left_out
    lines = yield [(points, {name: CONSTANT if name in points.derived else LINE for name in points.dimensions})]
    likely = sorted((*fits, *lines), key=cost_of)
    validated = yield from cross_validation(points, likely)
    return best_of(points, list(zip(likely, validated, strict=True)))


def best_of(points: Points, tried: Sequence[Validated]) -> Validated:
    """Of structures, the shortest description first, the first that predicts left-out points as well as any may by chance."""
    squares = [bounded(left_out.residuals * sharpness(points.seconds)) ** 2 for _, left_out in tried]
    least = min(squares, key=np.mean)
    return next(entry for entry, own in zip(tried, squares, strict=True) if _are_alike(own - least))


def _are_alike(worse_by: Floats) -> bool:
    """Whether squared errors that are so much larger, point by point, may be so by chance."""
    return float(worse_by.mean()) <= ALIKE * float(worse_by.std()) / math.sqrt(len(worse_by))
