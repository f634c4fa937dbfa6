"""Unsteady points are timed again, some time later: two visits tell what all rounds of one cannot (see `records.visits`)."""

import logging
import math
import statistics
from collections.abc import Callable, Iterable, Iterator
from typing import get_args

import msgspec

from blackthorn.errors import BadValue, NotMeasured
from blackthorn.fitting import full_speeds
from blackthorn.layers import layer_kind
from blackthorn.records import Grade, Measurement, Probe, Sweep
from blackthorn.storage import SweepFile

log = logging.getLogger(__name__)

Measure = Callable[[Probe], Measurement]

MOST_VISITS = 3
"""Times that a point is visited at most: a machine that is never steady must not cost without end."""
SURE_ENOUGH = 0.03
"""Relative error of a point, the usual scatter between visits included, below which formulas leave more unexplained anyway."""
LOOKED_AT = 10
"""One point in so many is visited again for no other reason than to tell how visits differ: those that move most bytes a
second, since what they take depends most on what else uses memory. Of two presets visits differed by 1.4 % below 2 GB/s, in the
median, and by 3 to 6 % above 16 GB/s, and rounds of one visit do not show it."""
NEIGHBOURS = 8
"""Points that were visited several times, those nearest in bytes a second, that tell how visits of a point usually differ."""


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

    Its own rounds say so, points of its sweep that move about as many bytes a second are what theirs said, and the machine was
    as fast as it can be.
    """

    def __init__(self, file: SweepFile) -> None:
        self._file = file
        self._scatters = _scatters(file)
        fastest = sorted(file.measurements, key=_pace, reverse=True)[: len(file.measurements) // LOOKED_AT]
        self._looked_at = {point.probe.key for point in fastest}
        speeds = full_speeds([Sweep(file.header, file.measurements)])
        reference = file.header.reference and speeds.get(file.header.reference.key)
        self._full_speed = reference.seconds if reference else None

    def __call__(self, point: Measurement) -> bool:
        visits = len(self._file.visits(point.probe.key))
        is_told = visits > 1 or point.probe.key not in self._looked_at
        is_alike = self._usual_scatter(_pace(point)) <= SURE_ENOUGH * math.sqrt(visits)
        is_settled = point.grade == "settled" and point.error_at_speed(self._full_speed) <= SURE_ENOUGH
        return is_told and is_alike and is_settled

    def _usual_scatter(self, pace: float) -> float:
        """Relative standard deviation of a visit of points that move about so many bytes a second; 0 where none tells it."""
        nearest = sorted(self._scatters, key=lambda known: abs(math.log(known[0] / pace)))[:NEIGHBOURS]
        return statistics.median(scatter for _, scatter in nearest) if nearest else 0.0


def _scatters(file: SweepFile) -> list[tuple[float, float]]:
    """Of the points that were visited several times, bytes a second and the relative standard deviation of a visit."""
    visits = [(point, len(file.visits(point.probe.key))) for point in file.measurements]
    return [(_pace(point), math.sqrt(count) * point.relative_error) for point, count in visits if count > 1]


def _pace(point: Measurement) -> float:
    """Bytes that a layer moves in a second."""
    moved = layer_kind(point.probe.layer).bytes_moved(point.probe.dimensions, point.probe.precision)
    return max(1, moved) / point.seconds


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
        is_known = any(_say_the_same(again, visit) for visit in file.visits(probe.key))  # as a recording does each time
        return None if is_known else file.visit(again)
    except (BadValue, NotMeasured) as error:
        log.warning("kept the earlier timings of %s: %s", probe.key, error)
        return None


def _say_the_same(one: Measurement, other: Measurement) -> bool:
    """Whether two visits differ in nothing but when they were."""
    return msgspec.structs.replace(one, taken_at=other.taken_at) == other


def _worth(measurement: Measurement) -> tuple[int, float]:
    """What to sort timings by, the best first."""
    return get_args(Grade).index(measurement.grade), measurement.relative_error
