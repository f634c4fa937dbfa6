"""Convolutions with timings made up, as rivals and comparisons take them."""

from collections.abc import Callable, Iterable, Mapping

import numpy as np

from blackthorn.fitting.classes import layer_classes
from blackthorn.layers import layer_kind
from blackthorn.records import Dimensions, Measurement, Sweep, SweepHeader
from blackthorn.rivals import TimedLayers, timed_layers
from tests.examples import DEVICE

KIND = layer_kind("conv2d")
Seconds = Callable[[Dimensions], float]


def made_sweep(seconds: Seconds, points: Iterable[Mapping[str, int]], noise: float = 0.0, seed: int = 0) -> Sweep:
    """A sweep of what moves in the points, timed as `seconds` says, with relative noise."""
    chance = np.random.default_rng(seed)
    probes = [KIND.probe_at(point) for point in points]
    names = list(probes[0].dimensions)
    moved = [name for name in names if len({probe.dimensions[name] for probe in probes}) > 1]
    fixed = {name: probes[0].dimensions[name] for name in names if name not in moved}
    header = SweepHeader(DEVICE, "conv2d", tuple(moved), fixed, "fp32", None, "2025-01-01T00:00:00+00:00", "blackthorn 0.1.0")
    measurements = []
    for probe in probes:
        taken = seconds(probe.dimensions) * float(np.exp(noise * chance.standard_normal()))
        measurements.append(Measurement(probe, taken, taken, None, 0.01, 10, "settled", "2025-01-01T00:00:00+00:00"))
    return Sweep(header, tuple(measurements))


def made_layers(seconds: Seconds, points: Iterable[Mapping[str, int]], noise: float = 0.0, seed: int = 0) -> TimedLayers:
    """The same as one class of timed layers."""
    (group,) = layer_classes([made_sweep(seconds, points, noise, seed)])
    return timed_layers(group)


def line_of_filters(values: Iterable[int]) -> list[dict[str, int]]:
    """Points along one dimension."""
    return [{"filters": value} for value in values]


def plane(filters: Iterable[int], channels: Iterable[int]) -> list[dict[str, int]]:
    """Every pair of filters and channels."""
    return [{"filters": k, "channels": c} for k in filters for c in channels]


def scattered(count: int, seed: int = 0) -> list[dict[str, int]]:
    """Points at random in three dimensions, none on a line with many others."""
    chance = np.random.default_rng(seed)
    return [
        {"filters": int(k), "channels": int(c), "height": int(h)}
        for k, c, h in zip(*(chance.integers(low, high, count) for low, high in ((1, 512), (1, 512), (4, 64))), strict=True)
    ]


def nested(dimensions: Dimensions) -> float:
    """Stairs along filters whose height is a line along channels."""
    return 2e-4 + (dimensions["filters"] - 1) // 32 * (1e-5 + 1e-6 * dimensions["channels"])
