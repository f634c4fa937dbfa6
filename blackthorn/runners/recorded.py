"""Replays recorded sweeps: the same timings again, on any computer, in no time."""

import math
from typing import ClassVar

from blackthorn.errors import BadValue, NotMeasured, WrongDevice
from blackthorn.records import Device, Measurement, Probe, Sweep
from blackthorn.runners.base import LoadedProbe, Runner

REMEDY = "measure it on the device, or choose a point that is recorded"


class RecordedRunner(Runner):
    """The points of sweeps that were all taken on one device; of a point that is there more than once, the last.

    Args:
        sweeps: at least one.

    Raises:
        BadValue: no sweep was given.
        WrongDevice: the sweeps are of several devices.
    """

    name: ClassVar[str] = "recorded"
    summary: ClassVar[str] = "replays recorded sweeps"
    times_footprints: ClassVar[bool] = True

    def __init__(self, *sweeps: Sweep) -> None:
        if not sweeps:
            raise BadValue("there is no sweep to replay", "give at least one")
        names = sorted({sweep.header.device.name for sweep in sweeps})
        if len(names) > 1:
            raise WrongDevice(f"the sweeps are of several devices: {', '.join(names)}", "replay the sweeps of one at a time")
        self._device = sweeps[0].header.device
        self._headers = [sweep.header for sweep in sweeps]
        self._measurements = {entry.probe.key: entry for sweep in sweeps for entry in sweep.measurements}

    @classmethod
    def lacks(cls) -> str | None:
        return None

    def device(self) -> Device:
        return self._device

    def reference(self, layer: Probe | None = None) -> Probe | None:
        """What the recorded sweep of such layers was timed beside; it cannot be timed again, and need not be."""
        if layer is None:
            return None
        kin = [header for header in self._headers if (header.layer, header.precision) == (layer.layer, layer.precision)]
        kin.sort(key=lambda header: sum(layer.dimensions.get(name) != value for name, value in header.fixed.items()))
        return kin[0].reference if kin else None

    def recall(self, probe: Probe) -> Measurement | None:
        found = self._measurements.get(probe.key)
        if found is None:
            raise self._not_recorded(probe)
        return found

    def load(self, probe: Probe, *, profiled: bool = True) -> LoadedProbe:  # noqa: ARG002 (a recording cannot be called)
        raise self._not_recorded(probe)

    def _not_recorded(self, probe: Probe) -> NotMeasured:
        """That a point is not there, with the nearest one that is."""
        problem = f"the recording of {self._device.name} does not hold {probe.key}"
        nearest = self._nearest(probe)
        if nearest is not None:
            changed = _differences(probe, nearest)
            problem += f" (it holds the same with {', '.join(f'{name}={nearest.dimensions[name]}' for name in changed)})"
        return NotMeasured(problem, REMEDY)

    def _nearest(self, probe: Probe) -> Probe | None:
        """The recorded point that differs in the fewest dimensions, and in these the least; None without one of its kind."""
        probes = (entry.probe for entry in self._measurements.values())
        kin = [other for other in probes if (other.layer, other.precision) == (probe.layer, probe.precision)]
        return min(kin, key=lambda other: _distance(probe, other), default=None)


def _differences(probe: Probe, other: Probe) -> list[str]:
    """The dimensions in which another point differs."""
    return [name for name, value in other.dimensions.items() if probe.dimensions.get(name) != value]


def _distance(probe: Probe, other: Probe) -> tuple[int, float]:
    """How many dimensions differ, and by what factors, as a sum of logarithms."""
    changed = _differences(probe, other)
    factors = (other.dimensions[name] / probe.dimensions.get(name, 1) for name in changed)
    return len(changed), math.fsum(abs(math.log(factor)) for factor in factors)
