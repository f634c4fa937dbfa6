"""Imported layers as sweep files, one a class of layers, as `sweep` would have made them.

An imported timing has no reference beside it: how fast the machine was at that moment is not known, so it counts as it stands.
Where a file tells how calls scattered, or holds a layer several times, that scatter is the timing's error; else an error
is assumed that is larger than that of most layers that blackthorn times itself.
"""

import math
import statistics
from collections import defaultdict
from collections.abc import Iterable, Sequence, Set
from pathlib import Path

from blackthorn.importing.imported import ImportedLayer
from blackthorn.layers import LayerKind, layer_kind
from blackthorn.records import Device, Dimensions, Grade, Measurement, Precision, Probe, Sweep, SweepHeader
from blackthorn.storage import SweepFile, open_sweep
from blackthorn.sweeping import sweep_path
from blackthorn.timing import TimingPolicy

CLASS_NAMES = ("kernel", "stride", "dilation")
"""How the names of dimensions begin that make classes of layers along every axis."""
CLASS_DIMENSIONS = frozenset({"batch", "block", "directions", "groups", "window"})
"""Others that make classes: networks have few values of them, and layers of different values take different ways."""
ASSUMED_ERROR = 0.03
"""The relative error of a timing of which no scatter is told: what layers of one shape differ by in one engine."""
MEDIAN_EFFICIENCY = math.sqrt(math.pi / 2)
"""The standard error of a median over that of a mean, for normal numbers."""


def class_sweeps(
    layers: Iterable[ImportedLayer], moved: Set[str], device: Device, created_at: str, made_by: str
) -> list[Sweep]:
    """A sweep for each class of layers.

    Args:
        layers: those without a probe, or without a time, are left out.
        moved: dimensions that move although they make classes otherwise, such as batch.
        device: what they ran on.
        created_at: UTC time, ISO 8601.
        made_by: the program, and where the timings are from.
    """
    same: dict[str, list[ImportedLayer]] = defaultdict(list)
    for layer in layers:
        if layer.probe is not None and layer.seconds > 0.0:
            same[layer.probe.key].append(layer)
    classes: dict[tuple[str, Precision, tuple[tuple[str, int], ...]], list[Measurement]] = defaultdict(list)
    for alike in same.values():
        measurement = merged(alike, created_at)
        probe = measurement.probe
        classes[probe.layer, probe.precision, tuple(class_of(probe, moved).items())].append(measurement)
    return [
        Sweep(
            SweepHeader(
                device, layer, _axes(layer_kind(layer), fixed, measurements), fixed, precision, None, created_at, made_by
            ),
            tuple(measurements),
        )
        for (layer, precision, held), measurements in classes.items()
        for fixed in [dict(held)]
    ]


def class_of(probe: Probe, moved: Set[str]) -> Dimensions:
    """The dimensions that make a layer's class."""
    return {name: value for name, value in probe.dimensions.items() if name not in moved and _makes_class(name)}


def merged(layers: list[ImportedLayer], taken_at: str) -> Measurement:
    """Timings of one probe as one: their median, and how much they scatter.

    Args:
        layers: at least one; all have the same probe.
        taken_at: UTC time, ISO 8601.
    """
    seconds = statistics.median(layer.seconds for layer in layers)
    error = _error(layers, seconds)
    probe = layers[0].probe
    assert probe is not None
    return Measurement(
        probe=probe,
        seconds=seconds,
        wall_seconds=seconds,
        reference_seconds=None,
        relative_error=ASSUMED_ERROR if error is None else error,
        calls=sum(layer.calls for layer in layers),
        grade=_grade(error),
        taken_at=taken_at,
    )


def write(sweep: Sweep, folder: Path) -> Path:
    """Add a sweep's measurements to its file below a folder; of a point that is there already it is one more visit.

    Raises:
        WrongDevice, BadFile, CannotWrite: as `open_sweep` does.
        BadValue: a measurement cannot be.
    """
    path = sweep_path(folder, sweep.header)
    with open_sweep(path, sweep.header) as file:
        for measurement in sweep.measurements:
            _put(file, measurement, file.visits(measurement.probe.key))
    return path


def _put(file: SweepFile, measurement: Measurement, visits: Sequence[Measurement]) -> None:
    """Keep a timing; not one that was imported before."""
    if not visits:
        file.append(measurement)
    elif all((held.seconds, held.relative_error) != (measurement.seconds, measurement.relative_error) for held in visits):
        file.visit(measurement)


def _makes_class(name: str) -> bool:
    return name in CLASS_DIMENSIONS or name.startswith(CLASS_NAMES)


def _axes(kind: LayerKind, fixed: Dimensions, measurements: Iterable[Measurement]) -> tuple[str, ...]:
    """The dimensions that move, in the kind's order; those of a shorthand as one where they are equal in all layers."""
    free = [dimension.name for dimension in kind.dimensions if dimension.name not in fixed]
    points = [measurement.probe.dimensions for measurement in measurements]
    for shorthand, members in kind.shorthands.items():
        together = set(members) <= set(free) and all(len({point[name] for name in members}) == 1 for point in points)
        if together:
            first = free.index(members[0])
            free = [*free[:first], shorthand, *(name for name in free[first:] if name not in members)]
    return tuple(free)


def _error(layers: list[ImportedLayer], seconds: float) -> float | None:
    """The relative standard error of the median of timings; None where nothing tells how they scatter."""
    told = [layer.relative_error for layer in layers if layer.relative_error is not None]
    if len(layers) > 1:
        scatter = statistics.stdev(layer.seconds for layer in layers) / seconds
        return max(MEDIAN_EFFICIENCY * scatter / math.sqrt(len(layers)), *told, 0.0)
    return told[0] if told else None


def _grade(error: float | None) -> Grade:
    """Settled where the scatter is known to be as small as blackthorn itself asks for."""
    return "settled" if error is not None and error <= TimingPolicy().target_error else "noisy"
