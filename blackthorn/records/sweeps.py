"""What is measured: layers on a device, sweeps of them, and what is planned."""

import math
from typing import Literal

import msgspec

from blackthorn.records.probes import Dimensions, Precision, Probe, Range

SWEEP_SCHEMA = 5
PRESET_SCHEMA = 1

Grade = Literal["settled", "contended", "drifting", "noisy", "throttled"]
"""From the best to the worst."""

FOOTPRINTS = (2, 4, 8, 16)
"""MiB of weights that small networks have: from what a near cache holds to what one process keeps of a last cache that others
use, too."""

RESPONSE_SPREAD = 0.7
"""Standard deviation, among layers of one class, of the power with which a layer slows down when its reference does: beside one
that fits in a near cache, layers of 20 us to 70 ms that move memory slowed with powers of 0.4 to 2.0."""


class Reference(msgspec.Struct, frozen=True):
    """A layer that tells how fast the machine is for layers like it, and what it takes at the speed that times are stated at.

    Machines change speed while they are measured, and not for all layers alike: while a neighbour on a shared computer took
    turns at the same core, convolutions took 1.4 times as long, and layers that wait for memory or for a long chain of
    operations 1.1 times. So layers are timed beside one of their own class.

    Attributes:
        probe: the layer.
        seconds: what it takes at that speed.
    """

    probe: Probe
    seconds: float


class Device(msgspec.Struct, frozen=True):
    """What the timings were taken on.

    `name` identifies it: timings whose device names differ are never mixed. Hardware, runner and threads are part of it;
    versions and details (clocks, governor, caches) are recorded beside it.
    """

    name: str
    runner: str
    hardware: str
    threads: int
    affinity: tuple[int, ...] = ()
    versions: dict[str, str] = {}
    details: dict[str, str] = {}


class Measurement(msgspec.Struct, frozen=True):
    """One probe, timed.

    Attributes:
        probe: what was timed.
        seconds: kernel time of one layer as timed, in seconds, not corrected for drift.
        wall_seconds: wall time of one layer in seconds, the call's overhead taken off.
        reference_seconds: what the reference probe took around it, in seconds; None on a device that does not drift.
        relative_error: standard error of `seconds` over `reference_seconds`, as a fraction.
        calls: timed calls behind the figures.
        grade: settled; contended (others kept processors busy that share caches and memory with its own); drifting (the
            reference moved during the measurement); noisy (the target error was not reached); throttled (the device slowed
            down to protect itself, from heat for one).
        taken_at: UTC time, ISO 8601.
    """

    probe: Probe
    seconds: float
    wall_seconds: float
    reference_seconds: float | None
    relative_error: float
    calls: int
    grade: Grade
    taken_at: str

    def at_speed(self, nominal: float | None) -> float:
        """Seconds at the machine speed at which the reference probe takes `nominal` seconds.

        Machines change speed while they are measured (two states 19 % apart were seen within minutes); the ratio to a
        reference of the same class timed just before and after does not.
        """
        if nominal is None or self.reference_seconds is None:
            return self.seconds
        return self.seconds * nominal / self.reference_seconds

    def error_at_speed(self, nominal: float | None) -> float:
        """Relative error of `at_speed`: that of the timing, and more the further the machine's speed was from that one."""
        if nominal is None or self.reference_seconds is None:
            return self.relative_error
        return math.hypot(self.relative_error, RESPONSE_SPREAD * math.log(self.reference_seconds / nominal))


class SweepHeader(msgspec.Struct, frozen=True):
    """First line of a sweep file: what every measurement below it shares.

    `axes` are the swept dimensions by name, outermost last; `fixed` are the dimensions held at one value. `reference` is the
    layer that was timed around every point; None on a device that does not drift, and where other tools took the timings.
    """

    device: Device
    layer: str
    axes: tuple[str, ...]
    fixed: Dimensions
    precision: Precision
    reference: Probe | None
    created_at: str
    made_by: str
    schema: int = SWEEP_SCHEMA
    unit: Literal["s"] = "s"


class Sweep(msgspec.Struct, frozen=True):
    """A sweep file as read: its header and its measurements in the order in which they were taken."""

    header: SweepHeader
    measurements: tuple[Measurement, ...]


class PlannedSweep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sweep of a preset: what moves how far, what is held, the most points it may take, and the largest layer.

    `cached` is how many of its points are timed once more within each of `FOOTPRINTS`.
    """

    layer: str
    axes: dict[str, Range]
    points: int
    cached: int = 0
    fixed: Dimensions = {}
    precision: Precision = "fp32"
    most_macs: int | None = None


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sweeps that together characterise a device, the most worthwhile first.

    Attributes:
        name: what `--preset` calls it.
        summary: what it covers, in a line.
        minutes: what it takes at most on a device of usual speed, building the probes included.
        sweeps: in the order in which they are made.
    """

    name: str
    summary: str
    minutes: float
    sweeps: tuple[PlannedSweep, ...]
    schema: int = PRESET_SCHEMA

    @property
    def points(self) -> int:
        """The most points of all sweeps together."""
        return sum(planned.points + planned.cached * len(FOOTPRINTS) for planned in self.sweeps)
