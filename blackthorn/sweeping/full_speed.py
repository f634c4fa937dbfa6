"""Each part of a sweep of many begins with its own reference, measured as a layer while the machine is at full speed.

A part lasts seconds, and a shared machine can be slow for all of them: the best that its reference takes meanwhile is not
what full speed is. On one computer in one hour a preset's classes came out at 1 to 2 times the time that they took at full
speed, by what the machine did in their few seconds. So one layer that is the same for all sweeps, timed throughout, tells
when the machine is as fast as it ever was.
"""

from blackthorn.errors import NotMeasured
from blackthorn.records import Measurement
from blackthorn.storage import SweepFile
from blackthorn.timing import Timer, TimingPolicy

FULL_SPEED_POLICY = TimingPolicy(calibration_seconds=3.0, full_speed_within=0.06, patience=1.0)
"""How the common layer is timed: long enough at first to see full speed, which is told from the next state, 19 % slower."""
PATIENCE = 3.0
"""Seconds for which full speed is waited for, each time."""
ATTEMPTS = 3
"""How often a reference is measured where the machine does not stay at full speed meanwhile."""


def measure_reference(file: SweepFile, timer: Timer, machine: Timer, most_visits: int = 1) -> None:
    """Measure a sweep's own reference at full speed and keep it, if it is a layer of the sweep.

    Args:
        file: of the sweep.
        timer: of the sweep.
        machine: a timer of the layer that is the same for all sweeps, with `FULL_SPEED_POLICY`.
        most_visits: how often the file may hold it.

    Raises:
        BlackthornError: the device failed, or the file could not be written.
    """
    reference = file.header.reference
    if machine.reference is None or reference is None or reference.layer != file.header.layer:
        return
    held = file.visits(reference.key)
    if len(held) >= most_visits:
        return
    found: list[Measurement] = []
    for _ in range(ATTEMPTS):
        machine.await_full_speed(PATIENCE)
        try:
            found.append(timer.measure(reference))
        except NotMeasured:  # a device that cannot run it says so again when the sweep comes to its points
            return
        if machine.await_full_speed(0.0):
            break
    keep = file.visit if held else file.append
    keep(min(found, key=lambda measurement: measurement.reference_seconds or 0.0))
