"""Adaptive sweeps on simulated and recorded devices, without files."""

from collections.abc import Mapping

from blackthorn.formulas import Formula
from blackthorn.layers import layer_kind
from blackthorn.records import Range
from blackthorn.runners.base import Runner
from blackthorn.runners.simulated import SimulatedRunner
from blackthorn.selection.adaptive import AdaptiveSelector
from blackthorn.timing import Timer


def adaptive_sweep(
    runner: Runner, axes: Mapping[str, Range], limit: int, fixed: Mapping[str, int] | None = None, nominal: float | None = None
) -> AdaptiveSelector:
    """A selector that has been told all it asked for, at the machine speed `nominal`."""
    kind = layer_kind("conv2d")
    selector = AdaptiveSelector(axes, kind.shorthands, limit)
    with runner, Timer(runner, runner.reference()) as timer:
        while (point := selector.ask()) is not None:
            measurement = timer.measure(kind.probe_at({**(fixed or {}), **point}))
            selector.tell(point, measurement.at_speed(nominal), measurement.relative_error)
    return selector


def simulated(formula: Formula, noise: float, outliers: float, seed: int) -> SimulatedRunner:
    """A simulated device on which a convolution takes what the formula says."""
    return SimulatedRunner({"conv2d": formula}, noise=noise, outliers=outliers, seed=seed)
