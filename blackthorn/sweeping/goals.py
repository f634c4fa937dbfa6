"""When a sweep has what it was made for, and what a smaller error would cost.

Errors are those at points left out of the fit: errors at the fitted points say nothing of the layers between them.
"""

import math
from typing import NamedTuple

import msgspec
import numpy as np

from blackthorn.fitting.class_formula import fit_class
from blackthorn.fitting.classes import layer_classes
from blackthorn.records import Sweep

FEWEST_POINTS = 10
"""Points below which a left-out error is luck."""
CHECKED_EVERY = 8
"""The error is worked out when one point in so many is new: it takes as long as a measurement."""
LESS_PERCENT = 2.0
"""How much smaller an error is asked after, in percent; half of it where it is small already."""
SMALL_PERCENT = 2.0
"""An error that needs no remedy, in percent: real devices leave as much to any formula."""
SLOWEST_FALL = 0.1
"""Power of the number of points with which errors must fall at least: below, more points alone are no remedy."""
SHARES = (0.5, 0.7, 1.0)
"""Parts of the points, in the order in which they were measured, whose errors show how fast they fall."""


class Goal(msgspec.Struct, frozen=True):
    """What ends a sweep before its points are used up.

    Attributes:
        error: root mean square relative error at left-out points that is small enough, in percent; None: none is.
        seconds: how long a run may take; None: as long as it takes.
        points: how many are enough for now, those known before included; None: as many as the plan has.
    """

    error: float | None = None
    seconds: float | None = None
    points: int | None = None


ALL = Goal()
"""Nothing ends it early."""


class Forecast(NamedTuple):
    """How many more points bring the left-out error, in percent, down to `error`."""

    points: int
    error: float


def left_out_error(sweep: Sweep) -> float:
    """Root mean square relative error at points left out of the fit, in percent.

    Args:
        sweep: at least one measurement.
    """
    (group,) = layer_classes([sweep])
    return fit_class(group).rmspe_cross_validated


def is_due(points: int, checked: int) -> bool:
    """Whether the error of so many points is to be worked out, when it was known at `checked` of them."""
    return points >= FEWEST_POINTS and points - checked >= max(1, points // CHECKED_EVERY)


def forecast(sweep: Sweep) -> Forecast | None:
    """What the next two percent of error would take, by how errors fell so far; None where none is needed, or
    more points alone are no remedy.

    Errors fall with a power of the number of points until they meet the noise (learning curves: Cortes et al., "Learning
    curves: asymptotic values and rate of convergence", NIPS 1993).
    """
    counts = [round(share * len(sweep.measurements)) for share in SHARES]
    if counts[0] < FEWEST_POINTS:
        return None
    errors = [left_out_error(Sweep(sweep.header, sweep.measurements[:count])) for count in counts]
    if min(errors) < SMALL_PERCENT:
        return None
    fall = -float(np.polyfit(np.log(counts), np.log(errors), 1)[0])
    if fall < SLOWEST_FALL:
        return None
    wanted = max(errors[-1] - LESS_PERCENT, errors[-1] / 2.0)
    return Forecast(math.ceil(counts[-1] * ((errors[-1] / wanted) ** (1.0 / fall) - 1.0)), wanted)
