"""Unsteady points are timed again, some time later: two visits tell what all rounds of one cannot (see `records.visits`)."""

import logging
import math
import statistics
from collections.abc import Callable, Iterable, Iterator

from blackthorn.errors import BadValue, NotMeasured
from blackthorn.fitting import full_speeds
from blackthorn.records import Grade, Measurement, Probe, Sweep
from blackthorn.storage import SweepFile

log = logging.getLogger(__name__)

Measure = Callable[[Probe], Measurement]

MOST_VISITS = 3
"""Times that a point is visited at most: a machine that is never steady must not cost without end."""
SURE_ENOUGH = 0.03
"""Relative error of a point, the usual scatter between visits included, below which formulas leave more unexplained anyway."""
GRADES: tuple[Grade, ...] = ("settled", "drifting", "noisy", "throttled")
"""From the best to the worst."""


def unsteady(file: SweepFile, most_visits: int = MOST_VISITS) -> list[Measurement]:
    """The points of a file that are to be visited again, the worst first.

    The file's first point is left as it is, since its reference sets the speed at which all are told.

    Args:
        file: of the sweep, open.
        most_visits: how many visits a point may have in the end.
    """
    is_sure = _Sureness(file)
    points = sorted(file.measurements[1:], key=_worth, reverse=True)
    return [point for point in points if len(file.visits(point.probe.key)) < most_visits and not is_sure(point)]


class _Sureness:
    """Whether a point needs no other visit.

    Its own rounds say so, other points of its sweep are what theirs said, and the machine was as fast as it can be.
    """

    def __init__(self, file: SweepFile) -> None:
        self._file = file
        self._scatter = _usual_scatter(file)
        speeds = full_speeds([Sweep(file.header, file.measurements)])
        reference = file.header.reference and speeds.get(file.header.reference.key)
        self._full_speed = reference.seconds if reference else None

    def __call__(self, point: Measurement) -> bool:
        visits = len(self._file.visits(point.probe.key))
        is_alike = self._scatter <= SURE_ENOUGH * math.sqrt(visits)
        return is_alike and point.grade == "settled" and point.error_at_speed(self._full_speed) <= SURE_ENOUGH


def _usual_scatter(file: SweepFile) -> float:
    """Relative standard deviation of a visit, by those points that were visited several times: their median; 0 without any."""
    visits = [(point.relative_error, len(file.visits(point.probe.key))) for point in file.measurements]
    scatters = [math.sqrt(count) * error for error, count in visits if count > 1]
    return statistics.median(scatters) if scatters else 0.0


def revisited(points: Iterable[Measurement], file: SweepFile, measure: Measure) -> Iterator[Measurement]:
    """Visit points of a file once more and keep that; what all visits of each say.

    Args:
        points: what the file says of them so far.
        file: of the sweep, open.
        measure: times a probe; where it raises `NotMeasured`, the point stays as it is.

    Raises:
        BlackthornError: the device failed, or the file could not be written; what was measured is kept.
    """
    for point in points:
        both = _visited(point.probe, file, measure)
        if both is not None:
            yield both


def _visited(probe: Probe, file: SweepFile, measure: Measure) -> Measurement | None:
    """What all visits of a probe say with one more; None where there was none."""
    try:
        again = measure(probe)
        return None if again in file.visits(probe.key) else file.visit(again)  # a recording says the same each time
    except (BadValue, NotMeasured) as error:
        log.warning("kept the earlier timings of %s: %s", probe.key, error)
        return None


def _worth(measurement: Measurement) -> tuple[int, float]:
    """What to sort timings by, the best first."""
    return GRADES.index(measurement.grade), measurement.relative_error
