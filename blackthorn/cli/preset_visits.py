"""The unsteady points of a preset's sweeps, visited again when all sweeps are made: minutes lie between two visits then.

So do the visits of each sweep's reference, whose best of all is what full speed is for its layers.
"""

from collections.abc import Callable, Sequence
from pathlib import Path

from blackthorn.cli.preset_parts import PARTS
from blackthorn.cli.sweep_progress import shown_progress
from blackthorn.records import SweepHeader
from blackthorn.runners import Runner
from blackthorn.selection import Progress
from blackthorn.storage import SweepFile, open_sweep
from blackthorn.sweeping import MOST_VISITS, interrupt_noticed, measure_reference, revisited, sweep_path, unsteady, until
from blackthorn.timing import Timer, TimingPolicy


def visit_again(headers: Sequence[SweepHeader], device: Runner, policy: TimingPolicy, out: Path, machine: Timer) -> bool:
    """Visit unsteady points again, pass after pass over all sweeps; whether Ctrl-C ended that.

    Args:
        headers: of the sweeps that were made.
        device: open.
        policy: how to time a point.
        out: the folder of the sweeps.
        machine: the timer that tells full speed for all of them.

    Raises:
        BlackthornError: the device failed, or a file could not be written; what was measured is kept.
    """
    files = {sweep_path(out, header): header for header in headers}
    with interrupt_noticed() as interrupted:
        for most_visits in range(2, MOST_VISITS + 1):
            for path, header in until(interrupted, files.items()):
                with open_sweep(path, header) as file, Timer(device, header.reference, policy) as timer:
                    _visit(file, timer, machine, most_visits, interrupted)
        return interrupted()


def _visit(file: SweepFile, timer: Timer, machine: Timer, most_visits: int, interrupted: Callable[[], bool]) -> None:
    """One pass over one file: no point is to have more than so many visits after it."""
    points = unsteady(file, most_visits)
    if not points:
        return
    timer.expect(file.measurements)
    measure_reference(file, timer, machine, PARTS + most_visits - 1)
    with shown_progress() as on_point:
        for count, measurement in enumerate(revisited(until(interrupted, points), file, timer.measure), start=1):
            on_point(Progress(count, len(points), f"visit {most_visits} of {file.header.layer}", None), measurement)
