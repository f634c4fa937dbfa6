"""Points of a sweep that are timed once more as layers of small networks, whose weights caches keep from call to call.

Sweeps time layers whose weights lie in memory, as those of large networks do. What a small network saves goes with the bytes
of its weights (see `fitting.caching`), so a few layers of a class tell it, best those that fetch most a second.
"""

import msgspec

from blackthorn.layers import layer_kind
from blackthorn.records import FOOTPRINTS, Measurement, Probe
from blackthorn.storage import SweepFile

FEWEST = 3
"""Footprints that a layer can be timed within, to be chosen: of two copies, larger ones have as much in the least."""


def small_footprints(file: SweepFile, points: int) -> list[Probe]:
    """What is still to be timed of the points of a file that fetch most weights a second, one of each number of copies.

    Args:
        file: of the sweep, open.
        points: of so many points of the sweep at most, those first that were begun with.
    """
    begun = {_in_memory(measurement.probe).key for measurement in file.measurements if measurement.probe.footprint}
    able = [m for m in file.measurements if not m.probe.footprint and len(_by_copies(m.probe)) >= FEWEST]
    chosen = sorted(able, key=lambda measurement: (measurement.probe.key not in begun, -_fetched(measurement)))[:points]
    held = {measurement.probe.key for measurement in file.measurements}
    return [probe for measurement in chosen for probe in _by_copies(measurement.probe).values() if probe.key not in held]


def _by_copies(probe: Probe) -> dict[int, Probe]:
    """A layer within each footprint that has another number of copies than the one before, by that number, few copies first."""
    kind = layer_kind(probe.layer)
    found: dict[int, Probe] = {}
    if not kind.weight_bytes(probe.dimensions, probe.precision):
        return found
    most = kind.copies(probe.dimensions, probe.precision)
    for footprint in FOOTPRINTS:
        copies = kind.copies(probe.dimensions, probe.precision, footprint)
        if kind.fetches_weights or copies < most:
            found.setdefault(copies, msgspec.structs.replace(probe, footprint=footprint))
    return found


def _in_memory(probe: Probe) -> Probe:
    """The same layer where its weights lie in memory."""
    return msgspec.structs.replace(probe, footprint=0)


def _fetched(measurement: Measurement) -> float:
    """Bytes of weights that a layer fetches in a second."""
    probe = measurement.probe
    return layer_kind(probe.layer).weight_bytes(probe.dimensions, probe.precision) / measurement.seconds
