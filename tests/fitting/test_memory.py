"""Corners: a knot that holds beyond a threshold of another dimension only."""

import numpy as np
import pytest

from blackthorn.fitting.joint import JointFit
from blackthorn.fitting.lockstep import Lockstep, finished
from blackthorn.fitting.memory import CORNER_GAIN, FEWEST_FOR_CORNER, add_knots, find_corner
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Split
from blackthorn.fitting.tried import Tried
from blackthorn.formulas import AtMost

LINES = {"bytes_moved": CONSTANT, "height": LINE, "width": LINE}


def layers(slow: float, narrow: float, count: int = 120) -> Points:
    """Layers whose bytes beyond 8 MB cost `slow` seconds each, those of narrow rows so many times that."""
    rng = np.random.default_rng(0)
    dimensions = {"height": np.rint(np.exp(rng.uniform(2.0, 12.0, count))), "width": np.rint(rng.uniform(4.0, 224.0, count))}
    work = dimensions["height"] * dimensions["width"]
    beyond = np.maximum(5.0 * work - 8e6, 0.0) * np.where(dimensions["width"] > 117.0, slow, narrow * slow)
    seconds = (1e-6 + 2.4e-10 * work + beyond) * (1.0 + 0.02 * rng.standard_normal(count))
    return Points({"bytes_moved": 5.0 * work, **dimensions}, seconds, 0.01, np.ones(count), ("bytes_moved",))


def searched(points: Points) -> tuple[JointFit, JointFit | None]:
    """The best structure with lines along all dimensions and perhaps knots, and the corner."""

    def search() -> Lockstep[tuple[JointFit, JointFit | None]]:
        tried = Tried(points)
        (plain,) = yield from tried.fit([LINES])
        yield from add_knots(tried, points, plain)
        (knotted,) = tried.best(1)
        corner = yield from find_corner(tried, points, plain)
        return knotted, corner

    return finished(search())


def test_a_knot_beyond_a_threshold_is_found() -> None:
    knotted, corner = searched(layers(2e-10, narrow=0.0))
    assert corner is not None
    assert corner.cost < knotted.cost - CORNER_GAIN
    (knot,) = corner.shapes["bytes_moved"].knots if isinstance(corner.shapes["bytes_moved"], Leaf) else ()
    assert 2e6 < knot < 3.2e7
    parted = corner.shapes["width"]
    assert isinstance(parted, Split)
    assert isinstance(parted.condition, AtMost)
    assert 80 < parted.condition.threshold < 200


@pytest.mark.parametrize(
    "points",
    [layers(0.0, narrow=0.0), layers(2e-10, narrow=0.0, count=FEWEST_FOR_CORNER - 1)],
    ids=["no slow memory", "few points"],
)
def test_where_there_is_none_none_is_found(points: Points) -> None:
    assert searched(points)[1] is None


def test_a_knot_of_all_layers_is_a_knot() -> None:
    knotted, _ = searched(layers(2e-10, narrow=1.0))
    (knot,) = knotted.shapes["bytes_moved"].knots if isinstance(knotted.shapes["bytes_moved"], Leaf) else ()
    assert 6e6 < knot < 1.1e7
    assert knotted.noise < 0.03


def test_what_a_miss_costs_may_be_a_matter_of_rows() -> None:
    rng = np.random.default_rng(0)
    rows, width = np.rint(np.exp(rng.uniform(2.0, 12.0, 120))), np.rint(rng.uniform(4.0, 224.0, 120))
    moved = 5.0 * rows * width
    missed = np.clip(1.5 * (1.0 - 8e6 / moved), 0.0, 1.0) * rows * (2e-8 + 2e-10 * width)
    seconds = (1e-6 + 4e-11 * moved + missed) * (1.0 + 0.02 * rng.standard_normal(120))
    points = Points({"bytes_moved": moved, "height": rows, "width": width}, seconds, 0.01, np.ones(120), ("bytes_moved",))
    best, _ = searched(points)
    shape = best.shapes["bytes_moved"]
    assert isinstance(shape, Leaf)
    assert shape.knots == ()
    (knot,) = shape.misses
    assert 6e6 < knot < 1.1e7
    ((terms, coefficients),) = [(cell.terms, cell.coefficients) for cell in best.cells]
    costs = dict(zip(terms, coefficients, strict=True))
    assert costs[1, 1, 0] == pytest.approx(2e-8, rel=0.2)
    assert costs[1, 1, 1] == pytest.approx(2e-10, rel=0.2)


def test_a_line_along_the_only_dimension_begins_where_layers_take_longer_than_to_begin() -> None:
    elements = np.geomspace(1000.0, 4e6, 60).round()
    seconds = np.maximum(6e-6, 1e-9 * elements) * (1.0 + 0.01 * np.random.default_rng(0).standard_normal(60))
    points = Points({"elements": elements}, seconds, 0.01, np.ones(60))

    def search() -> Lockstep[JointFit]:
        tried = Tried(points)
        (plain,) = yield from tried.fit([{"elements": LINE}])
        yield from add_knots(tried, points, plain)
        (best,) = tried.best(1)
        return best

    begun = finished(search()).shapes["elements"]
    assert isinstance(begun, Leaf)
    assert not begun.linear
    assert 4000 < begun.knots[0] < 8000
