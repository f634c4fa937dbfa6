"""The sweeps of one device as classes of layers: measurements that one formula is to explain, all at one speed."""

import math
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence

import msgspec
import numpy as np

from blackthorn.fitting.caching import Saved, cached_weights
from blackthorn.layers import layer_kind
from blackthorn.records import (
    GOOD_ERROR,
    CachedWeights,
    Dimensions,
    Measurement,
    Precision,
    Probe,
    Reference,
    Sweep,
)

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
        saved: seconds that a layer takes less for every byte of its weights that caches keep.
    """

    layer: str
    precision: Precision
    fixed: Dimensions
    measurements: tuple[Measurement, ...]
    reference: Reference | None = None
    saved: float = 0.0

    def swept(self) -> tuple[str, ...]:
        """The dimensions in which the measurements differ, in the layer kind's order."""
        return tuple(name for name in self.measurements[0].probe.dimensions if name not in self.fixed)


def layer_classes(sweeps: Sequence[Sweep]) -> list[LayerClass]:
    """The measurements grouped by layer kind, precision and every dimension that no sweep of the kind moves.

    Layers that were timed within small footprints are left out; what they tell is taken into account.
    """
    return classes_and_caching(sweeps)[0]


def classes_and_caching(sweeps: Sequence[Sweep]) -> tuple[list[LayerClass], CachedWeights | None]:
    """The classes, each measurement stated for weights that lie in memory, and what caches keep of weights, if known."""
    groups: dict[tuple[str, Precision], list[Sweep]] = defaultdict(list)
    for sweep in sweeps:
        groups[sweep.header.layer, sweep.header.precision].append(sweep)
    speeds = full_speeds(sweeps)
    found = [one for key in sorted(groups) for one in _classes_of(*key, groups[key], speeds)]
    cached, saved = cached_weights(list(_saved(found, sweeps, speeds)))
    return [_in_memory(group, cached, saved.get(number, 0.0)) for number, group in enumerate(found)], cached


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
    layer = (reference.layer, reference.precision, reference.dimensions)  # of sweeps from before there were footprints, too
    own = (seconds for probe, seconds in beside if (probe.layer, probe.precision, probe.dimensions) == layer)
    often = float(np.quantile([seconds for _, seconds in beside], FULL_SPEED))
    return min(often, min(own, default=often))


def _classes_of(
    layer: str, precision: Precision, sweeps: Sequence[Sweep], speeds: Mapping[str, Reference]
) -> Iterator[LayerClass]:
    taken = {m.probe.key: (m, s.header.reference) for s in sweeps for m in s.measurements if not m.probe.footprint}
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


def _saved(groups: Sequence[LayerClass], sweeps: Sequence[Sweep], speeds: Mapping[str, Reference]) -> Iterator[Saved]:
    """What layers that were timed within small footprints saved; those that were not timed in memory tell nothing."""
    in_memory = {far.probe.key: (number, far) for number, group in enumerate(groups) for far in group.measurements}
    for sweep in sweeps:
        reference = sweep.header.reference
        speed = None if reference is None else speeds.get(reference.key)
        for measurement in sweep.measurements:
            probe = measurement.probe
            large = msgspec.structs.replace(probe, footprint=0)
            if probe.footprint and large.key in in_memory:
                number, far = in_memory[large.key]
                near = _at_full_speed(measurement, speed)
                yield Saved(
                    number,
                    layer_kind(probe.layer).weight_bytes(probe.dimensions, probe.precision),
                    near=_footprint_bytes(probe),
                    far=_footprint_bytes(large),
                    seconds=far.seconds - near.seconds,
                    error=math.hypot(*(max(one.relative_error, GOOD_ERROR) * one.seconds for one in (near, far))),
                )


def _footprint_bytes(probe: Probe) -> int:
    """Bytes of weights that a probe's layers have together."""
    return layer_kind(probe.layer).footprint_bytes(probe.dimensions, probe.precision, probe.footprint)


def _in_memory(group: LayerClass, cached: CachedWeights | None, saved: float) -> LayerClass:
    """A class as if the weights of all layers had lain in memory: copies that leave caches would take too long of some."""
    if cached is None or not saved:
        return group
    kind = layer_kind(group.layer)
    stated: list[Measurement] = []
    for measurement in group.measurements:
        seconds = measurement.seconds + saved * kind.kept_bytes(measurement.probe, cached)
        stated.append(msgspec.structs.replace(measurement, seconds=seconds))
    return msgspec.structs.replace(group, measurements=tuple(stated), saved=saved)
