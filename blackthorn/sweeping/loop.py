"""Ask, build the probe, time it, keep it, tell: the same on a board, on recorded timings and on a simulated device."""

import logging
import time
from collections.abc import Callable, Iterable

import msgspec

from blackthorn.errors import BadValue, BlackthornError, NotMeasured
from blackthorn.records import Measurement, Sweep
from blackthorn.selection import AxisPoint, Progress, Selector
from blackthorn.storage import SweepFile
from blackthorn.sweeping.goals import ALL, Goal, is_due, left_out_error
from blackthorn.sweeping.interrupts import interrupt_noticed, until
from blackthorn.sweeping.plan import SweepPlan
from blackthorn.sweeping.revisits import MOST_VISITS, Measure, revisited, unsteady
from blackthorn.units import readable_duration

log = logging.getLogger(__name__)

OnPoint = Callable[[Progress, Measurement], None]

MOST_REFUSALS = 8
"""Points that are tried where not one can be measured: such layers do not run there at all."""


class SweepOutcome(msgspec.Struct, frozen=True):
    """How a run of a sweep ended.

    Attributes:
        measured: points timed in this run.
        known: points that the file held before.
        skipped: points that could not be timed.
        interrupted: whether Ctrl-C ended it.
        reason: why it ended, as the end of a sentence.
        revisits: timings of points that had been timed before, because the machine was unsteady.
        seconds: how long it took.
    """

    measured: int
    known: int
    skipped: tuple[AxisPoint, ...]
    interrupted: bool
    reason: str
    revisits: int = 0
    seconds: float = 0.0

    def after(self, earlier: "SweepOutcome") -> "SweepOutcome":
        """This run and an earlier one of the same sweep, as one."""
        return msgspec.structs.replace(
            self,
            measured=earlier.measured + self.measured,
            known=earlier.known,
            skipped=earlier.skipped + self.skipped,
            revisits=earlier.revisits + self.revisits,
            seconds=earlier.seconds + self.seconds,
        )


def known_points(plan: SweepPlan, measurements: Iterable[Measurement]) -> dict[tuple[int, ...], Measurement]:
    """The measurements that lie on the plan's grid, by their values along its axes, in the order given."""
    placed = ((plan.point_of(measurement.probe), measurement) for measurement in measurements)
    return {tuple(point.values()): measurement for point, measurement in placed if point is not None}


def sweep(
    plan: SweepPlan,
    selector: Selector,
    measure: Measure,
    file: SweepFile,
    on_point: OnPoint | None = None,
    goal: Goal = ALL,
    most_visits: int = MOST_VISITS,
    skipped: Iterable[AxisPoint] = (),
) -> SweepOutcome:
    """Measure what the selector asks for until it has enough, the plan's limit or the goal is reached, or Ctrl-C is pressed.

    Every measurement is on the disk before the selector hears of it. What the file holds already is told and not measured
    again, so a sweep that was cut short goes on as if it never had been.

    Args:
        plan: what to cover, checked.
        selector: names the next point.
        measure: times a probe; where it raises `NotMeasured`, or gives what cannot be, the point is skipped.
        file: the open file of this plan.
        on_point: called after every new measurement.
        goal: what ends it earlier.
        most_visits: times that an unsteady point is visited at most.
        skipped: points that an earlier run found could not be timed; they are not tried again.

    Raises:
        BadValue, NotMeasured: points were asked for, and not one of them could be timed in this run or before.
        BlackthornError: the device failed, or the file could not be written; what was measured is kept.
    """
    run = _Run(plan, selector, measure, file, goal)
    for point in skipped:
        selector.skip(point)
    known = run.tell_known()
    with interrupt_noticed() as interrupted:
        reason = run.until_done(interrupted, on_point)
        for visits in range(2, most_visits + 1):
            if run.revisit(visits, interrupted, on_point):
                reason = run.until_done(interrupted, on_point)
    if run.refusal is not None and not (known or run.measured or interrupted()):
        raise run.refusal
    return SweepOutcome(run.measured, known, tuple(run.skipped), interrupted(), reason, run.revisits, run.seconds)


class _Run:
    """One run of a sweep, and what it has come to."""

    def __init__(self, plan: SweepPlan, selector: Selector, measure: Measure, file: SweepFile, goal: Goal) -> None:
        self._plan = plan
        self._goal = goal
        self._began = time.monotonic()
        self._checked = 0
        self._selector = selector
        self._measure = measure
        self._file = file
        self._held = {measurement.probe.key: measurement for measurement in file.measurements}
        self._told: set[str] = set()
        self.measured = 0
        self.revisits = 0
        self.skipped: list[AxisPoint] = []
        self.refusal: BlackthornError | None = None

    @property
    def seconds(self) -> float:
        """How long it has taken so far."""
        return time.monotonic() - self._began

    def tell_known(self) -> int:
        """Tell the selector what the file holds of the plan's grid; gives the number of points."""
        known = known_points(self._plan, self._file.measurements)
        for values, measurement in known.items():
            self._tell(dict(zip(self._plan.axes, values, strict=True)), measurement)
        return len(known)

    def until_done(self, interrupted: Callable[[], bool], on_point: OnPoint | None) -> str:
        """Take point after point; gives why it ended."""
        while not interrupted():
            reached = self._reached()
            if reached is not None:
                return reached
            point = self._selector.ask()
            if point is None:
                return "enough is known"
            if len(self.skipped) >= MOST_REFUSALS and not self._told:
                return "no point could be measured"
            measurement = self._take(point)
            if measurement is not None and on_point is not None:
                on_point(self._selector.progress(), measurement)
        return "it was interrupted"

    def _reached(self) -> str | None:
        """Which end that was set beforehand is reached; None where none is."""
        limit, goal, points = self._plan.limit, self._goal, len(self._told)
        if limit is not None and points >= limit:
            return f"the limit of {limit} points is reached"
        if goal.points is not None and points >= goal.points:
            return f"{goal.points} points are enough for now"
        if goal.seconds is not None and self.seconds >= goal.seconds:
            return f"the time of {readable_duration(goal.seconds)} is over"
        if goal.error is not None and is_due(points, self._checked):
            self._checked = points
            error = left_out_error(Sweep(self._file.header, tuple(self._file.measurements)))
            if error <= goal.error:
                return f"its error is {error:.1f} %, and {goal.error:g} % was wanted"
        return None

    def _take(self, point: AxisPoint) -> Measurement | None:
        """Measure a point, keep and tell it; None where that was not needed or not possible."""
        try:
            probe = self._plan.probe_at(point)
            held = self._held.get(probe.key)
            measurement = held or self._measure(probe)
            if held is None:
                self._file.append(measurement)
        except (BadValue, NotMeasured) as error:
            self._skip(point, error)
            return None
        if held is not None:
            self._recall(point, held)
            return None
        self._held[probe.key] = measurement
        self.measured += 1
        self._tell(point, measurement)
        return measurement

    def revisit(self, most_visits: int, interrupted: Callable[[], bool], on_point: OnPoint | None) -> bool:
        """Visit the unsteady points again, now that time has passed; whether any was timed."""
        before = self.revisits
        points = unsteady(self._file, most_visits)
        for count, measurement in enumerate(revisited(until(interrupted, points), self._file, self._measure), start=1):
            self._held[measurement.probe.key] = measurement
            self.revisits += 1
            point = self._plan.point_of(measurement.probe)
            if point is not None:
                self._tell(point, measurement)
            if on_point is not None:
                on_point(msgspec.structs.replace(self._selector.progress(), points=count, limit=len(points)), measurement)
        self._checked = 0
        return self.revisits > before

    def _recall(self, point: AxisPoint, measurement: Measurement) -> None:
        """A point that the file holds: told if it was not yet, else skipped, or the selector would ask for ever."""
        if measurement.probe.key in self._told:
            self._selector.skip(point)
        else:
            self._tell(point, measurement)

    def _skip(self, point: AxisPoint, error: BlackthornError) -> None:
        log.warning("skipped %s: %s", " ".join(f"{axis}={value}" for axis, value in point.items()), error)
        self.skipped.append(point)
        self.refusal = self.refusal or error
        self._selector.skip(point)

    def _tell(self, point: AxisPoint, measurement: Measurement) -> None:
        """Tell a measurement at the machine speed of the file's first one.

        That speed, unlike a median over the points so far, is the same whether the sweep ran in one go or was resumed, and
        so is all that the selector makes of it.
        """
        nominal = next(iter(self._held.values())).reference_seconds
        self._told.add(measurement.probe.key)
        self._selector.tell(point, measurement.at_speed(nominal), measurement.relative_error)
