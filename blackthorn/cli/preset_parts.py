"""A preset's sweeps, made part by part: all first parts, then all second ones, so that minutes lie between a sweep's points.

Made in one go, a sweep of a class lasts seconds, and what the machine does in these is then the whole class's: between presets
hours apart the full speeds of references, one of each class, differed by 2.7 % beyond what all had in common, and between two
that were made in parts by 1.8 %.
"""

import math
from collections.abc import Sequence
from itertools import product
from pathlib import Path
from typing import NamedTuple

import click

from blackthorn.cli.dimension_text import dimension_text
from blackthorn.cli.sweep_plan import make_selector
from blackthorn.cli.sweep_progress import shown_progress
from blackthorn.errors import NotMeasured
from blackthorn.records import SweepHeader
from blackthorn.runners import Runner
from blackthorn.storage import SweepFile, open_sweep
from blackthorn.sweeping import ALL, Goal, SweepOutcome, SweepPlan, measure_reference, sweep, sweep_path
from blackthorn.timing import Timer, TimingPolicy

PARTS = 3
"""Parts of a sweep. Each takes a moment to load the sweep's reference, and perhaps seconds to see the machine at full speed."""

Planned = tuple[SweepPlan, SweepHeader]


def made_in_parts(
    sweeps: Sequence[Planned], device: Runner, policy: TimingPolicy, out: Path, machine: Timer
) -> list[SweepOutcome | None]:
    """Make sweeps part by part, until all are made or Ctrl-C is pressed.

    Args:
        sweeps: plans, and the first lines of their files.
        device: open.
        policy: how to time a point.
        out: the folder of the sweeps.
        machine: the timer that tells full speed for all of them.

    Returns:
        What came of each sweep that was begun, in order, all of its parts as one; None where the device cannot run such layers.

    Raises:
        BlackthornError: the device failed, or a file could not be written; what was measured is kept.
    """
    outcomes: dict[int, SweepOutcome | None] = {}
    for part, number in product(range(1, PARTS + 1), range(len(sweeps))):
        earlier = outcomes.get(number)
        if part > 1 and earlier is None:
            continue
        making = _Part(part, f"part {part} of {PARTS}, {number + 1} of {len(sweeps)}", earlier)
        outcome = making.made(sweeps[number], device, policy, out, machine)
        outcomes[number] = outcome
        if outcome is not None and outcome.interrupted:
            break
    return list(outcomes.values())


class _Part(NamedTuple):
    """One part of one sweep: its number from 1 on, what to call it, and what came of the parts before."""

    number: int
    name: str
    earlier: SweepOutcome | None

    def made(self, planned: Planned, device: Runner, policy: TimingPolicy, out: Path, machine: Timer) -> SweepOutcome | None:
        """Measure it, and say so; None where the device cannot run such layers, which must not end all others."""
        plan, header = planned
        try:
            with open_sweep(sweep_path(out, header), header) as file, Timer(device, header.reference, policy) as timer:
                outcome = self._measured(plan, file, timer, machine)
                points = len(file.measurements)
        except NotMeasured as error:
            click.echo(f"{self.name}: {plan.layer} is left out: {error}", err=True)
            return None
        held = dimension_text(plan.layer, plan.fixed)
        what = f"{plan.layer} {held + ' ' if held else ''}over {', '.join(plan.axes)}"
        click.echo(f"{self.name}: {what}: {points} points", err=True)
        return outcome if self.earlier is None else outcome.after(self.earlier)

    def _measured(self, plan: SweepPlan, file: SweepFile, timer: Timer, machine: Timer) -> SweepOutcome:
        """What comes of this part alone; the sweep's reference is measured as a layer once a part, too."""
        timer.expect(file.measurements)
        measure_reference(file, timer, machine, most_visits=self.number)
        goal = ALL if plan.limit is None else Goal(points=math.ceil(self.number * plan.limit / PARTS))
        skipped = () if self.earlier is None else self.earlier.skipped
        with shown_progress() as on_point:
            selector = make_selector(plan)
            return sweep(plan, selector, timer.measure, file, on_point, goal, most_visits=1, skipped=skipped)
