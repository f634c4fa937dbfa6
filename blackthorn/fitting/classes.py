"""The sweeps of one device as classes of layers: measurements that one formula is to explain, all at one speed."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from blackthorn.records import Dimensions, Measurement, Precision, Probe, Reference, Sweep

FULL_SPEED = 0.1
"""The quantile of a reference's times that is its full speed: the least is noise, and a tenth is had on a busy machine, too."""


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
