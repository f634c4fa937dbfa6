"""Figures on the recorded sweeps of this repository: few points against all of them."""

import math
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from blackthorn.fitting.class_formula import points_of
from blackthorn.fitting.classes import layer_classes
from blackthorn.fitting.joint import JointFit
from blackthorn.fitting.kernels import fit_points
from blackthorn.fitting.leaving_out import rmspe
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import Leaf, Shape, leaves
from blackthorn.formulas import DivisibleBy
from blackthorn.records import Range, Sweep
from blackthorn.runners.recorded import RecordedRunner
from blackthorn.storage import find_sweeps, read_sweep
from blackthorn.units import MS_PER_SECOND
from tests.bench.tables import Row
from tests.simulated_sweeps import adaptive_sweep

WHOLE = Range(1, 1024)
PARTS = 20
SWEEPS = Path(__file__).parents[2] / "sweeps"


def dense_sweep(axis: str) -> Sweep:
    """The recorded sweep of every value of one axis."""
    sweeps = [read_sweep(path) for path in find_sweeps([SWEEPS])]
    return max((s for s in sweeps if s.header.axes == (axis,)), key=lambda s: len(s.measurements))


def error(fit: JointFit, points: Points) -> float:
    """RMSPE of a fit at points, in percent."""
    return rmspe(fit.predict(points.dimensions) / points.seconds - 1.0)


def best_stairs(axis: str, points: Points) -> tuple[set[int], float]:
    """The two widths whose staircases, added up, fit all points with the least squares; RMSPE in percent.

    Every pair of widths is tried, and coefficients may be negative: no formula of stairs can be nearer.
    """
    widths = np.arange(1, WHOLE.high)
    relative = np.stack([Leaf((int(width),)).columns(points.dimensions[axis])[1] for width in widths]) / points.seconds
    relative = np.concatenate([1.0 / points.seconds[None], relative])
    normal, right = relative @ relative.T, relative.sum(axis=1)
    first, second = np.triu_indices(len(widths), k=1)
    places = np.stack([np.zeros_like(first), 1 + first, 1 + second], axis=1)
    designs = normal[places[:, :, None], places[:, None, :]]
    designs += 1e-9 * np.einsum("bpp->bp", designs).max(axis=1)[:, None, None] * np.eye(3)
    explained = np.einsum("bp,bp->b", np.linalg.solve(designs, right[places][:, :, None])[:, :, 0], right[places])
    best = int(explained.argmax())
    return {int(widths[first[best]]), int(widths[second[best]])}, 100.0 * math.sqrt(1.0 - explained[best] / len(points))


class Recording:
    """A dense sweep of one axis, to be swept again from its file."""

    def __init__(self, axis: str) -> None:
        self.axis = axis
        self.sweep = dense_sweep(axis)
        (group,) = layer_classes([self.sweep])
        assert group.reference is not None
        self.full_speed = group.reference.seconds
        self.points = points_of(group)

    def swept(self, values: Range, limit: int) -> tuple[int, JointFit, float]:
        """Points that an adaptive sweep takes, the fit to them, and its RMSPE over all recorded points within the range."""
        runner = RecordedRunner(self.sweep)
        selector = adaptive_sweep(runner, {self.axis: values}, limit, self.sweep.header.fixed, self.full_speed)
        recorded = self.points.dimensions[self.axis]
        inside = self.points.where((recorded >= values.low) & (recorded <= values.high))
        fit = selector.fits()[0]
        return selector.progress().points, fit, error(fit, inside)


def few_points_suffice() -> Iterator[Row]:
    """Figure 1: filters and channels, replayed from the dense recordings.

    Filters are held against the best two staircases through all points, channels against any form. A single sweep may be lucky:
    the same on random parts of the ranges shows how far.
    """
    filters, channels = Recording("filters"), Recording("channels")
    count, fit, seen = filters.swept(WHOLE, 10)
    widths, best = best_stairs("filters", filters.points)
    stairs = " and ".join(map(str, sorted(widths)))
    text = f"{count} points, RMSPE {seen:.2f} %; best stairs {stairs}, {best:.2f} %: {fit.formula().text(MS_PER_SECOND)}"
    reached = has_width(fit.shapes["filters"], 16, among=widths) and seen <= best + 0.5
    yield Row("1", "filters 1..1024: width 16, no wrong one, RMSPE", "<= 10 points, + 0.5", text, reached)
    yield parts_of(filters, 10)
    count, fit, seen = channels.swept(WHOLE, 25)
    best = error(fit_points(channels.points)[0], channels.points)
    text = f"{count} points, RMSPE {seen:.2f} %; best of any form {best:.2f} %: {fit.formula().text(MS_PER_SECOND)}"
    reached = has_alignment(fit.shapes["channels"]) and seen <= best + 1.0
    yield Row("1", "channels 1..1024: alignment regimes, RMSPE", "<= 25 points, + 1", text, reached)
    yield parts_of(channels, 25)


def parts_of(recording: Recording, limit: int) -> Row:
    """How good the same sweep is on random parts of the range: no figure, but what a figure of one sweep is worth."""
    rng = np.random.default_rng(5)
    ranges = [Range(int(rng.integers(1, 9)), int(rng.integers(400, 1025))) for _ in range(PARTS)]
    errors = sorted(recording.swept(values, limit)[2] for values in ranges)
    text = f"median {np.median(errors):.2f} %, three in four within {np.quantile(errors, 0.75):.2f} %, worst {errors[-1]:.2f} %"
    return Row("1", f"{recording.axis}: RMSPE on {PARTS} random ranges, {limit} points", "-", text, None)


def has_width(shape: Shape, width: int, among: set[int]) -> bool:
    """Whether a shape steps with this width, and with none but these."""
    found = {width for leaf in leaves(shape) for width in leaf.widths}
    return width in found and found <= among


def has_alignment(shape: Shape) -> bool:
    """Whether a shape tells aligned values from others."""
    if isinstance(shape, Leaf):
        return False
    return isinstance(shape.condition, DivisibleBy) or has_alignment(shape.then) or has_alignment(shape.otherwise)
