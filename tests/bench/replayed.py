"""Figures on the recorded sweeps of this repository: few points against all of them."""

from collections.abc import Iterator
from pathlib import Path

import msgspec

from blackthorn.fitting.device import layer_classes, nominal_speed, points_of, rmspe
from blackthorn.fitting.joint import JointFit, Points, fit_structure
from blackthorn.fitting.shapes import LINE, Leaf, Split, leaves
from blackthorn.fitting.structure import fit_points
from blackthorn.formulas import DivisibleBy
from blackthorn.records import Range, Sweep
from blackthorn.runners.recorded import RecordedRunner
from blackthorn.storage import find_sweeps, read_sweep
from tests.bench.tables import Row
from tests.simulated_sweeps import adaptive_sweep

SWEEPS = Path(__file__).parents[2] / "sweeps"


def dense_sweep(axis: str) -> Sweep:
    """The recorded sweep of every value of one axis."""
    sweeps = [read_sweep(path) for path in find_sweeps([SWEEPS])]
    return max((s for s in sweeps if s.header.axes == (axis,)), key=lambda s: len(s.measurements))


def error(fit: JointFit, points: Points) -> float:
    """RMSPE of a fit at points, in percent."""
    return rmspe(fit.predict(points.dimensions) / points.seconds - 1.0)


class Replay(msgspec.Struct, frozen=True):
    """What an adaptive sweep of a dense recording came to.

    Attributes:
        count: points taken.
        fit: the fit to them.
        seen: its RMSPE over the whole recording, in percent.
        plain: that of the best fit without a switch to the whole recording.
        best: that of the best fit of any form to the whole recording.
    """

    count: int
    fit: JointFit
    seen: float
    plain: float
    best: float

    def __str__(self) -> str:
        errors = (
            f"RMSPE {self.seen:.2f} %; best to all points: {self.plain:.2f} % without a switch, {self.best:.2f} % of any form"
        )
        return f"{self.count} points, {errors}: {self.fit.formula().text(1e3)}"


def replay(axis: str, limit: int, plain: Leaf) -> Replay:
    """An adaptive sweep of a dense recording, and the fits to all of it: of a plain shape, and of any."""
    sweep = dense_sweep(axis)
    nominal = nominal_speed([sweep])
    points = points_of(layer_classes([sweep])[0], nominal)
    values = Range(int(points.dimensions[axis].min()), int(points.dimensions[axis].max()))
    selector = adaptive_sweep(RecordedRunner(sweep), {axis: values}, limit, sweep.header.fixed, nominal)
    fits = selector.fits()[0], fit_structure(points, {axis: plain}), fit_points(points)[0]
    return Replay(selector.progress().points, fits[0], *(error(fit, points) for fit in fits))


def few_points_suffice() -> Iterator[Row]:
    """Figure 1: filters and channels, replayed from the dense recordings.

    A staircase of width 16 is what filters are held against, as the method's notes do; channels against any form.
    """
    filters = replay("filters", 10, Leaf((16,)))
    widths = {width for leaf in leaves(filters.fit.structure["filters"]) for width in leaf.widths}
    reached = widths == {16} and filters.seen <= filters.plain + 0.5
    yield Row("1", "filters 1..1024: width 16 alone, RMSPE", "<= 10 points, + 0.5", str(filters), reached)
    channels = replay("channels", 25, LINE)
    reached = has_alignment(channels.fit.structure["channels"]) and channels.seen <= channels.best + 1.0
    yield Row("1", "channels 1..1024: alignment regimes, RMSPE", "<= 25 points, + 1", str(channels), reached)


def has_alignment(shape: Leaf | Split) -> bool:
    """Whether a shape tells aligned values from others."""
    if isinstance(shape, Leaf):
        return False
    return isinstance(shape.condition, DivisibleBy) or has_alignment(shape.then) or has_alignment(shape.otherwise)
