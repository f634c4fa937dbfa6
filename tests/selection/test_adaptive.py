"""When an adaptive sweep over several axes may end."""

import numpy as np
import pytest

from blackthorn.formulas import Constant, Step
from blackthorn.records import Range
from blackthorn.selection.adaptive import AdaptiveSelector
from tests.simulated_sweeps import adaptive_sweep, simulated

ALIKE = Step(
    "filters",
    32,
    Step("channels", 8, Constant(0.1418e-3), Constant(0.0106e-3)),
    Step("channels", 8, Constant(0.0440e-3), Constant(0.0121e-3)),
)
"""Its smallest layers on either line through 256 filters and 256 channels happen to take as long as each other."""


def asked(selector, seconds_of, noise, seed):
    """The points that a selector asks for until it asks no more, each told with noise."""
    rng = np.random.default_rng(seed)
    points = []
    while (point := selector.ask()) is not None:
        points.append(point)
        selector.tell(point, float(seconds_of(point)) * np.exp(noise * rng.standard_normal()), noise)
    return points


def test_what_two_lines_agree_on_is_tried_between_them_before_the_end():
    selector = adaptive_sweep(simulated(ALIKE, 0.02, 0.0, 4), {"filters": Range(1, 1024), "channels": Range(1, 1024)}, 60)
    smallest = {"filters": [1.0], "channels": [1.0]}
    assert abs(selector.fits()[0].formula().evaluate(smallest)[0] / 0.1418e-3 - 1.0) < 0.1


def test_no_point_is_asked_for_that_is_not_allowed_and_the_lines_go_as_far_as_they_may():
    axes = {"filters": Range(1, 1024), "channels": Range(1, 1024)}
    most = 20_000
    selector = AdaptiveSelector(axes, limit=40, allowed=lambda point: point["filters"] * point["channels"] <= most)
    work = []
    while (point := selector.ask()) is not None:
        work.append(point["filters"] * point["channels"])
        selector.tell(point, 1e-6 * work[-1], 0.01)
    assert max(work) <= most
    assert max(work) > 0.9 * most


def test_points_tell_where_regimes_part_by_what_follows_from_the_dimensions():
    def moved(point):
        return 8.0 * point["rows"] * point["columns"]

    axes = {"rows": Range(1, 2048), "columns": Range(1, 2048)}
    selector = AdaptiveSelector(axes, limit=40, derived={"bytes_moved": moved})
    while (point := selector.ask()) is not None:
        selector.tell(point, 1e-10 * moved(point) * (1.0 if moved(point) <= 4e6 else 2.5), 0.01)
    least, most = 0.8 * 4e6, 1.25 * 4e6
    sizes = [{"rows": np.array([rows]), "columns": np.array([1024.0])} for rows in (least / 8192, most / 8192)]
    for size, slower in zip(sizes, (1.0, 2.5), strict=True):
        size["bytes_moved"] = 8.0 * size["rows"] * size["columns"]
        assert abs(selector.fits()[0].predict(size)[0] / (1e-10 * slower * size["bytes_moved"][0]) - 1.0) < 0.05


@pytest.mark.parametrize("caches", [(400_000,), (60_000,), (1_500_000,), (120_000, 2_000_000)])
@pytest.mark.parametrize("seed", range(2))
def test_millions_of_elements_are_measured_where_caches_end_and_not_in_one_place(caches, seed):
    def seconds_of(elements):
        return 1.5e-6 + 5e-11 * elements + sum(1e-10 * np.maximum(0.0, elements - cache) for cache in caches)

    selector = AdaptiveSelector({"elements": Range(1000, 4_000_000, 1000)}, limit=16)
    asked(selector, lambda point: seconds_of(point["elements"]), 0.015, seed)
    sizes = np.geomspace(1000.0, 4_000_000.0, 100)
    errors = selector.fits()[0].predict({"elements": sizes}) / seconds_of(sizes) - 1.0
    assert np.sqrt(np.mean(errors**2)) < 0.05


@pytest.mark.parametrize("seed", range(4))
def test_where_no_block_shows_small_layers_are_looked_at_as_well_as_large_ones(seed):
    """Beyond each of three caches elements cost ever more, over an octave and a half."""

    def seconds_of(elements):
        return 3e-7 + elements * (4e-11 + sum(slope * np.clip(1.5 - 1.5 * end / elements, 0.0, 1.0) for end, slope in caches))

    caches = ((6e3, 2e-11), (6.5e4, 3e-11), (1.5e6, 1.2e-10))
    selector = AdaptiveSelector({"elements": Range(1000, 4_000_000, 1000)}, limit=20)
    points = asked(selector, lambda point: seconds_of(point["elements"]), 0.02, seed)
    octaves = np.diff(np.log2(sorted(point["elements"] for point in points)))
    assert octaves.max() <= 2.0


def test_layers_that_take_far_longer_than_foretold_are_not_left_alone():
    def is_slow(point):
        return point["height"] * point["width"] * point["channels"] > 2_000_000 and point["width"] > 120

    def seconds_of(point):
        work = point["channels"] * point["height"] * point["width"]
        return 1e-6 + 2e-10 * work * (2.5 if is_slow(point) else 1.0)

    axes = {"channels": Range(1, 512), "height": Range(4, 224), "width": Range(4, 224)}
    assert sum(map(is_slow, asked(AdaptiveSelector(axes, limit=60), seconds_of, 0.01, seed=0))) >= 10


def test_points_close_in_on_a_threshold_that_only_some_layers_show():
    """In four of five draws at least: what noise makes of the first points decides what is looked at next."""

    def seconds_of(point):
        is_slow = point["width"] > 90 and point["channels"] >= 64
        return 1e-6 + 2e-10 * point["channels"] * point["height"] * point["width"] * (2.5 if is_slow else 1.0)

    def left_between(seed):
        selector = AdaptiveSelector({"channels": Range(1, 512), "height": Range(4, 224), "width": Range(4, 224)}, limit=60)
        points = asked(selector, seconds_of, 0.01, seed)
        widths = np.array([point["width"] for point in points if point["channels"] >= 64])
        return widths[widths > 90].min() - widths[widths <= 90].max()

    assert sum(left_between(seed) <= 3 for seed in range(5)) >= 4


def test_a_kernel_for_narrow_images_alone_is_found_before_the_end():
    """In four of five draws at least: a sweep may also end by itself before it has seen a narrow image."""

    def seconds_of(point):
        return 1e-6 + 1e-9 * point["filters"] * point["height"] * point["width"] * (2.0 if point["width"] <= 5 else 1.0)

    def is_found(seed):
        selector = AdaptiveSelector({"filters": Range(16, 512, 16), "height": Range(4, 224), "width": Range(4, 224)}, limit=160)
        asked(selector, seconds_of, 0.01, seed)
        narrow = {"filters": 128, "height": 50, "width": 5}
        predicted = selector.fits()[0].predict({name: np.array([float(value)]) for name, value in narrow.items()})
        return abs(predicted[0] / seconds_of(narrow) - 1.0) < 0.1

    assert sum(map(is_found, range(5))) >= 4
