"""Which structure is found among random points of known formulas."""

import msgspec
import numpy as np
import pytest

from blackthorn.fitting.joint import JointFit, fit_structure
from blackthorn.fitting.kernels import fit_points
from blackthorn.fitting.points import Points
from blackthorn.fitting.proposals import usual_stairs
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Split, leaves, with_leaf
from blackthorn.formulas import (
    AtBorder,
    AtMost,
    Border,
    Constant,
    DivisibleBy,
    Formula,
    Hinge,
    Linear,
    Step,
    Switch,
    Tiles,
    Tiling,
)

DRAWS = range(10)
"""Of points: in most, not in all, enough lie beyond the end of a regime to tell where it is."""


def random_points(formula: Formula, count: int, noise: float, seed: int = 7, **highest: int) -> Points:
    """Random points of a formula, uniform in the logarithm."""
    rng = np.random.default_rng(seed)
    dimensions = {name: np.floor(np.exp(rng.uniform(0.0, np.log(high), count))) + 3.0 for name, high in highest.items()}
    seconds = formula.evaluate(dimensions) * np.exp(noise * rng.standard_normal(count))
    return Points(dimensions, seconds, noise, np.ones(count))


def with_window(points: Points, border: Border, *names: str) -> Points:
    """The same points of layers whose window has that border along some dimensions."""
    return msgspec.structs.replace(points, borders=dict.fromkeys(names, border))


def test_tiles_are_found_with_their_offset_and_pieces() -> None:
    row = Tiles("width", Tiling(6, 2, 3), Constant(1e-4), Constant(2.7e-4), Constant(1.7e-4))
    points = random_points(Linear("height", Constant(1e-4), row), 100, 0.01, height=200, width=60)
    best = fit_points(with_window(points, Border(2, 2 / 3), "width"))[0]
    assert best.structure["width"] == Leaf(tiling=Tiling(6, 2, 3))
    assert best.noise < 0.015


def test_rows_in_the_padding_cost_nothing() -> None:
    rows = Linear("height", Constant(0.0), Linear("width", Constant(1e-6), Constant(3e-7)), offset=2 / 3)
    points = random_points(Linear("channels", Constant(0.0), rows), 60, 0.01, channels=500, height=60, width=60)
    fit = fit_points(with_window(points, Border(2, 2 / 3), "height", "width"))[0]
    assert fit.structure["height"] == Leaf(linear=True, offset=2 / 3)
    assert fit.structure["width"].offset == 0.0


def test_a_border_is_found_beside_the_tiles_between_its_ends() -> None:
    border, tiling = Border(6, 12 / 7), Tiling(6, 6, 3)
    row = AtBorder("width", border, Tiles("width", tiling, Constant(0.0), Constant(6e-6), Constant(4e-6)), Constant(3e-6))
    rows = Linear("height", Constant(0.0), row, offset=border.outside)
    points = random_points(Linear("channels", Constant(0.0), rows), 120, 0.01, channels=500, height=100, width=100)
    best = fit_points(with_window(points, border, "height", "width"))[0]
    assert best.structure == {
        "channels": LINE,
        "height": Leaf(linear=True, offset=border.outside),
        "width": Leaf(tiling=tiling, border=border),
    }
    narrow = {"channels": [64.0] * 3, "height": [20.0] * 3, "width": [4.0, 6.0, 9.0]}
    expected = Linear("channels", Constant(0.0), rows).evaluate(narrow)
    np.testing.assert_allclose(best.formula().evaluate(narrow), expected, rtol=0.03)


def test_a_line_that_begins_in_the_padding_is_found_beside_tiles() -> None:
    """The tiles alone explain these points better than they do with a line from 0 on, which is a step towards it."""
    line = Linear("width", Constant(0.0), Constant(5e-7), offset=2 / 3)
    row = Tiles("width", Tiling(6, 2, 3), line, Constant(2e-6), Constant(8e-6))
    rows = Linear("channels", Constant(0.0), Linear("height", Constant(0.0), row, offset=2 / 3))
    points = random_points(rows, 120, 0.01, seed=2, channels=500, height=100, width=100)
    best = fit_points(with_window(points, Border(2, 2 / 3), "height", "width"))[0]
    assert best.structure["width"] == Leaf(linear=True, offset=2 / 3, tiling=Tiling(6, 2, 3))


def worst_tenth(fit: JointFit, layers: Points) -> float:
    """The relative error that one in ten layers exceeds."""
    return float(np.quantile(np.abs(fit.predict(layers.dimensions) / layers.seconds - 1.0), 0.9))


def test_what_lies_beyond_a_cache_is_found() -> None:
    near, far = Hinge("bytes_moved", 2**20, Constant(0.0), Constant(4e-11)), Linear("channels", Constant(0.0), Constant(4e-10))

    def timed(count: int, noise: float, seed: int) -> Points:
        points = random_points(Linear("area", Constant(1e-6), far), count, noise, seed, channels=1000, area=4000)
        moved = 8.0 * points.dimensions["channels"] * points.dimensions["area"]
        seconds = points.seconds + near.evaluate({"bytes_moved": moved})
        return Points({"bytes_moved": moved, **points.dimensions}, seconds, 0.01, points.weights, ("bytes_moved",))

    fits = [fit_points(timed(60, 0.01, seed))[0] for seed in DRAWS]
    knots = [[node.knot for node in fit.formula().walk() if isinstance(node, Hinge)] for fit in fits]
    assert sum(any(0.8 * 2**20 < knot < 1.2 * 2**20 for knot in found) for found in knots) > len(DRAWS) / 2
    assert np.median([worst_tenth(fit, timed(300, 0.0, 100)) for fit in fits]) < 0.02


def test_the_best_structure_without_knots_is_always_among_those_found() -> None:
    curve = Hinge("elements", 2_000, Linear("elements", Constant(1e-6), Constant(1e-9)), Constant(3e-9))
    found = fit_points(random_points(curve, 40, 0.01, elements=100_000))
    assert found[0].structure["elements"].knots
    assert any(not leaf.knots for fit in found for leaf in leaves(fit.structure["elements"]))


def test_regimes_of_other_shapes_do_not_borrow() -> None:
    """A line that is 1.1 times as high where 48 divides is not called a constant there, which would be shorter."""
    aligned = Switch(
        "filters",
        DivisibleBy(48),
        Linear("filters", Constant(1.1e-3), Constant(1.1e-4)),
        Linear("filters", Constant(1e-3), Constant(1e-4)),
    )
    filters = np.array([*range(48, 49 * 12, 48), *range(5, 500, 19)], dtype=float)
    points = Points({"filters": filters}, aligned.evaluate({"filters": filters}), 0.01, np.ones(len(filters)))
    assert fit_points(points)[0].structure["filters"] == Split(DivisibleBy(48), LINE, LINE)


def test_blocks_in_groups_are_found_where_no_points_lie_on_a_line() -> None:
    block = Step("filters", 64, Step("filters", 16, Constant(2e-4), Constant(1e-4)), Constant(3e-4))
    points = random_points(Linear("height", Constant(1e-5), block), 80, 0.01, filters=1000, height=200)
    assert fit_points(points)[0].structure["filters"] == Leaf((16, 64), climbs=True)


def test_stairs_that_climb_in_two_dimensions_are_not_taken_for_tiles() -> None:
    """Until the one's stairs are found, pieces of tiles seem to explain a little of what they explain."""
    rows = Step("channels", 16, Constant(1e-5), Linear("height", Constant(0.0), Constant(1.5e-6)))
    stairs = Step("channels", 16, Constant(1.2e-4), Linear("height", Constant(2e-6), Constant(9e-7)))
    formula = Step("filters", 16, stairs, rows)
    climbing = Leaf((16,), climbs=True)
    drawn = [random_points(formula, 60, 0.02, seed, filters=512, channels=512, height=112) for seed in DRAWS]
    found = [fit_points(points)[0].structure for points in drawn]
    assert sum(structure == {"filters": climbing, "channels": climbing, "height": LINE} for structure in found) > len(DRAWS) / 2


def test_sizes_below_one_block_may_have_a_kernel_of_their_own() -> None:
    slow, fast = Linear("channels", Constant(0.0), Constant(4e-5)), Step("channels", 16, Constant(1e-4), Constant(1e-4))
    formula = Linear("height", Constant(0.0), Switch("channels", AtMost(15), slow, fast))
    rng = np.random.default_rng(3)
    dimensions = {
        "channels": np.concatenate([np.full(8, 8.0), 8.0 * rng.integers(2, 40, 60)]),
        "height": rng.integers(4, 100, 68).astype(float),
    }
    seconds = formula.evaluate(dimensions) * np.exp(0.01 * rng.standard_normal(68))
    best = fit_points(Points(dimensions, seconds, 0.01, np.ones(68)))[0]
    shape = best.structure["channels"]
    assert isinstance(shape, Split)
    assert shape.otherwise == Leaf((16,))
    assert dimensions["channels"][shape.condition.holds(dimensions["channels"])].tolist() == [8.0] * 8


def test_a_first_block_that_takes_as_long_however_full_is_found_beside_blocks_in_groups_and_tiles() -> None:
    def row(step: float, tile: float, piece: float) -> Formula:
        return Linear("height", Constant(0.0), Tiles("width", Tiling(6, 2, 3), Constant(step), Constant(tile), Constant(piece)))

    blocks = Step("filters", 64, Step("filters", 16, row(3e-5, 6e-5, 4e-5), row(1e-6, 3e-5, 0.0)), row(3e-5, 1e-5, 3e-5))
    formula = Linear("channels", Constant(0.0), Switch("filters", AtMost(16), row(8e-5, 1.4e-4, 9e-5), blocks))
    likeliest = {
        "filters": Split(AtMost(16), CONSTANT, Leaf((16, 64))),
        "channels": LINE,
        "height": LINE,
        "width": Leaf(tiling=Tiling(6, 2, 3)),
    }

    def is_found(seed: int) -> bool:
        drawn = random_points(formula, 80, 0.01, seed, filters=1000, channels=500, height=200, width=200)
        points = with_window(drawn, Border(2, 2 / 3), "height", "width")
        return fit_points(points)[0].cost <= fit_structure(points, likeliest).cost + 1.0

    assert sum(map(is_found, DRAWS)) > len(DRAWS) // 2


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((3, 5, 8), [(2,), (4,)]),
        ((3, 100), [(2,), (4,), (4, 16), (8,), (8, 32), (16,), (16, 64), (32,)]),
        ((16, 160), [(32,), (32, 128)]),
    ],
)
def test_usual_stairs_are_those_that_values_can_show(values: tuple[int, ...], found: list[tuple[int, ...]]) -> None:
    stairs = [leaf for leaf in usual_stairs(np.array(values, dtype=float)) if not leaf.linear]
    assert [leaf.widths for leaf in stairs if not leaf.climbs] == found
    assert [leaf.widths for leaf in stairs if leaf.climbs] == [widths for widths in found if len(widths) > 1]


def test_a_threshold_is_found_where_no_points_lie_on_a_line() -> None:
    formula = Linear(
        "height",
        Constant(0.0),
        Switch("width", AtMost(120), *(Linear("width", Constant(0.0), Constant(s)) for s in (1e-7, 3e-7))),
    )
    fits = [fit_points(random_points(formula, 100, 0.02, seed, width=220, height=220))[0] for seed in DRAWS]
    found = [fit.structure["width"] for fit in fits]
    near = [isinstance(s, Split) and isinstance(s.condition, AtMost) and 110 <= s.condition.threshold <= 130 for s in found]
    assert sum(near) > len(DRAWS) / 2


def test_aligned_sizes_may_come_in_wider_blocks_than_they_are_multiples_of() -> None:
    """Depthwise kernels that take sixteen channels at a time where channels are multiples of four."""
    blocks, others = Step("channels", 16, Constant(1e-6), Constant(1e-6)), Linear("channels", Constant(0.0), Constant(5e-7))
    formula = Linear("height", Constant(0.0), Switch("channels", DivisibleBy(4), blocks, others))
    best = fit_points(random_points(formula, 160, 0.02, channels=200, height=100))[0]
    assert best.structure["channels"] == Split(DivisibleBy(4), Leaf((16,)), LINE)


def test_a_kernel_for_odd_sizes_that_takes_six_times_as_long_is_found_in_sixteen_points() -> None:
    """Resizing to the nearest: dimensions explain nothing as long as its two kernels are taken for one."""
    product = Linear("width", Constant(0.0), Linear("channels", Constant(0.0), Constant(1e-7)))
    formula = Switch("width", DivisibleBy(2), product, product.scaled(6.0))
    for seed in DRAWS:
        best = fit_points(random_points(formula, 16, 0.02, seed, channels=100, width=200))[0]
        assert worst_tenth(best, random_points(formula, 100, 0.0, seed + 100, channels=100, width=200)) < 0.1


def test_a_leaf_is_replaced_by_its_place() -> None:
    shape = Split(AtMost(4), LINE, Split(AtMost(8), CONSTANT, LINE))
    for place in range(3):
        changed = list(leaves(with_leaf(shape, place, Leaf((16,)))))
        assert changed[place] == Leaf((16,))
        assert [leaf for i, leaf in enumerate(changed) if i != place] == [
            leaf for i, leaf in enumerate(leaves(shape)) if i != place
        ]


def test_what_costs_more_beyond_a_cache_in_long_rows_only_is_found() -> None:
    """Neither the length of rows nor the cache explains anything by itself."""
    rng = np.random.default_rng(0)
    count = 160
    dimensions = {
        "channels": np.rint(np.exp(rng.uniform(0.0, np.log(1000.0), count))),
        "height": np.rint(rng.uniform(4.0, 224.0, count)),
        "width": np.rint(rng.uniform(4.0, 224.0, count)),
    }
    work = np.prod(list(dimensions.values()), axis=0)
    moved = 5.0 * work
    beyond = np.where(dimensions["width"] > 117.0, np.maximum(moved - 8e6, 0.0) * 6e-11, 0.0)
    seconds = (1e-6 + 2.4e-10 * work + beyond) * (1.0 + 0.02 * rng.standard_normal(count))
    best = fit_points(Points({"bytes_moved": moved, **dimensions}, seconds, 0.01, np.ones(count), ("bytes_moved",)))[0]
    (knot,) = [node.knot for node in best.formula().walk() if isinstance(node, Hinge)]
    assert 6e6 < knot < 10e6
    (threshold,) = {
        node.condition.threshold
        for node in best.formula().walk()
        if isinstance(node, Switch) and isinstance(node.condition, AtMost) and node.dimension == "width"
    }
    assert 105 < threshold < 130
    assert best.noise < 0.03
