"""The loop of a sweep: ask for a point, build the probe, time it, keep it, tell; and what such a sweep is planned to cover."""

from blackthorn.sweeping.footprints import small_footprints
from blackthorn.sweeping.full import FullSelector, spread_out
from blackthorn.sweeping.full_speed import FULL_SPEED_POLICY, measure_reference
from blackthorn.sweeping.goals import ALL, Forecast, Goal, forecast
from blackthorn.sweeping.interrupts import interrupt_noticed, until
from blackthorn.sweeping.loop import SweepOutcome, known_points, sweep
from blackthorn.sweeping.paths import sweep_path
from blackthorn.sweeping.plan import SweepPlan
from blackthorn.sweeping.revisits import MOST_VISITS, revisited, unsteady

__all__ = [
    "ALL",
    "FULL_SPEED_POLICY",
    "MOST_VISITS",
    "Forecast",
    "FullSelector",
    "Goal",
    "SweepOutcome",
    "SweepPlan",
    "forecast",
    "interrupt_noticed",
    "known_points",
    "measure_reference",
    "revisited",
    "small_footprints",
    "spread_out",
    "sweep",
    "sweep_path",
    "unsteady",
    "until",
]
