"""Points of a preset's sweeps, timed once more as layers of small networks when all sweeps are made."""

from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path

import click

from blackthorn.cli.sweep_progress import shown_progress
from blackthorn.errors import NotMeasured
from blackthorn.records import SweepHeader
from blackthorn.runners import Runner
from blackthorn.selection import Progress
from blackthorn.storage import SweepFile, open_sweep
from blackthorn.sweeping import interrupt_noticed, small_footprints, sweep_path, until
from blackthorn.timing import Timer, TimingPolicy


def time_small_footprints(sweeps: Sequence[tuple[SweepHeader, int]], device: Runner, policy: TimingPolicy, out: Path) -> bool:
    """Time a few points of each class within small footprints; whether Ctrl-C ended that.

    Args:
        sweeps: headers, and of how many points of each; those that share a file have as many as all of them.
        device: open; one that cannot do so is left alone.
        policy: how to time a point.
        out: the folder of the sweeps.

    Raises:
        BlackthornError: the device failed, or a file could not be written; what was measured is kept.
    """
    if not device.times_footprints:
        return False
    headers = {sweep_path(out, header): header for header, _ in sweeps}
    points: Counter[Path] = Counter()
    for header, count in sweeps:
        points[sweep_path(out, header)] += count
    with interrupt_noticed() as interrupted:
        for path, header in until(interrupted, headers.items()):
            if points[path]:
                with open_sweep(path, header) as file, Timer(device, header.reference, policy) as timer:
                    _time(file, timer, points[path], interrupted)
        return interrupted()


def _time(file: SweepFile, timer: Timer, points: int, interrupted: Callable[[], bool]) -> None:
    """Time what is missing of one file; a recording may hold none of it."""
    probes = small_footprints(file, points)
    timer.expect(file.measurements)
    try:
        with shown_progress() as on_point:
            for count, probe in enumerate(until(interrupted, probes), start=1):
                measurement = timer.measure(probe)
                file.append(measurement)
                on_point(Progress(count, len(probes), f"{probe.layer} in small networks", None), measurement)
    except NotMeasured as error:
        click.echo(f"{file.header.layer} is known in large networks alone: {error}", err=True)
