"""Coefficients over several dimensions at once, and the formula tree that they become."""

import numpy as np
import pytest

from blackthorn.fitting.cells import Fork, cell_masks
from blackthorn.fitting.joint import fit_structure, fit_structures
from blackthorn.fitting.kernels import fit_points
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Split
from blackthorn.formulas import Constant, DivisibleBy, Linear, Step, Switch

PUBLISHED = Step(
    "filters",
    32,
    Step("channels", 8, Constant(0.1418e-3), Constant(0.0106e-3)),
    Step("channels", 8, Constant(0.044e-3), Constant(0.0121e-3)),
)
"""Lechner and Jantsch, IEEE Access 9, 2021: the two-dimensional model of a convolution on a Jetson Nano."""


def random_points(formula, count=80, noise=0.0, seed=0, **fixed):
    rng = np.random.default_rng(seed)
    names = sorted({node.dimension for node in formula.walk() if hasattr(node, "dimension")})
    dimensions = {name: rng.integers(1, 257, count).astype(float) for name in names}
    seconds = formula.evaluate(dimensions) * (1.0 + noise * rng.standard_normal(count))
    return Points(dimensions, seconds, 0.01, np.ones(count))


@pytest.mark.parametrize("order", [("filters", "channels"), ("channels", "filters")])
def test_the_published_formula_comes_back_in_any_order_of_dimensions(order):
    points = random_points(PUBLISHED).ordered(order)
    structure = {name: Leaf((32 if name == "filters" else 8,), climbs=True) for name in order}
    formula = fit_structure(points, structure).formula()
    assert formula.evaluate(points.dimensions) == pytest.approx(points.seconds, rel=1e-6)
    if order[0] == "filters":
        assert formula.text() == PUBLISHED.text()


def test_work_in_blocks_of_two_dimensions_is_one_product():
    formula = Linear("height", Constant(0.0), Step("filters", 16, Constant(2e-6), Constant(2e-6)))
    points = random_points(formula)
    fit = fit_structure(points, {"filters": Leaf((16,)), "height": LINE})
    assert fit.cells[0].terms == ((1, 1),)
    assert fit.formula().evaluate(points.dimensions) == pytest.approx(points.seconds, rel=1e-6)
    climbing = fit_structure(points, {"filters": Leaf((16,), climbs=True), "height": LINE})
    assert set(climbing.cells[0].terms) == {(0, 1), (1, 1)}
    assert climbing.formula().evaluate(points.dimensions) == pytest.approx(points.seconds, rel=1e-6)


def test_products_that_do_not_pay_are_left_out():
    formula = Linear("filters", Constant(1.0), Constant(0.1))
    points = random_points(formula, noise=0.01)
    points.dimensions["channels"] = np.random.default_rng(1).integers(1, 257, len(points)).astype(float)
    fitted = fit_structure(points, {"filters": LINE, "channels": Leaf((8,), linear=True)})
    assert [type(node) for node in fitted.formula().walk()] == [Linear, Constant, Constant]


def test_a_regime_with_few_points_borrows_from_another():
    aligned = Linear("channels", Constant(1.0), Constant(0.02))
    formula = Switch("channels", DivisibleBy(16), aligned, aligned.scaled(1.5))
    points = random_points(formula, count=40)
    few = points.where((points.dimensions["channels"] % 16 != 0) | (np.cumsum(points.dimensions["channels"] % 16 == 0) <= 1))
    fitted = fit_structure(few, {"channels": Split(DivisibleBy(16), LINE, LINE)})
    test = {"channels": np.array([16.0, 64.0, 240.0, 17.0, 239.0])}
    assert fitted.formula().evaluate(test) == pytest.approx(formula.evaluate(test), rel=0.02)


def test_the_fit_predicts_what_its_formula_says():
    formula = Switch("channels", DivisibleBy(4), PUBLISHED, PUBLISHED.scaled(1.4))
    points = random_points(formula, noise=0.02)
    fitted = fit_structure(points, {"filters": Leaf((32,)), "channels": Split(DivisibleBy(4), Leaf((8,)), Leaf((8,)))})
    assert fitted.formula().evaluate(points.dimensions) == pytest.approx(fitted.predict(points.dimensions), rel=1e-12)


FORKED = Switch(
    "channels",
    DivisibleBy(4),
    Step("filters", 32, Constant(1e-4), Step("channels", 8, Constant(2e-6), Constant(2e-6))),
    Linear("filters", Constant(3e-4), Linear("channels", Constant(0.0), Constant(5e-8))),
)
FORK = Fork(
    "channels",
    DivisibleBy(4),
    {"filters": Leaf((32,), climbs=True), "channels": Leaf((8,), climbs=True)},
    {"filters": LINE, "channels": LINE},
)


def test_the_sides_of_a_fork_have_shapes_of_their_own():
    points = random_points(FORKED)
    fitted = fit_structure(points, FORK)
    assert fitted.predict(points.dimensions) == pytest.approx(points.seconds, rel=1e-6)
    assert fitted.formula().evaluate(points.dimensions) == pytest.approx(points.seconds, rel=1e-6)
    assert [cell.leaves for cell in fitted.cells] == [tuple(FORK.then.values()), tuple(FORK.otherwise.values())]
    assert np.array(cell_masks(FORK, points.dimensions)).sum(axis=0).tolist() == [1] * len(points)


def test_a_fork_names_repeated_dimensions_as_layers_do():
    points = random_points(FORKED)
    formula = fit_structure(points, FORK).formula({"channels": "depth"})
    assert formula.evaluate({"filters": points.dimensions["filters"], "depth": points.dimensions["channels"]}) == pytest.approx(
        points.seconds, rel=1e-6
    )


def test_a_side_with_few_points_borrows_from_the_other():
    alike = Switch("channels", DivisibleBy(4), FORKED.otherwise, FORKED.otherwise.scaled(1.5))
    points = random_points(alike)
    aligned = np.cumsum(points.dimensions["channels"] % 4 == 0)
    few = points.where((points.dimensions["channels"] % 4 != 0) | (aligned <= 2))
    fitted = fit_structure(few, Fork("channels", DivisibleBy(4), FORK.otherwise, FORK.otherwise))
    assert fitted.predict(points.dimensions) == pytest.approx(points.seconds, rel=0.02)


def test_structures_that_are_fitted_together_are_fitted_as_alone():
    wanted = [
        (random_points(PUBLISHED, noise=0.02), {"filters": Leaf((32,)), "channels": Leaf((8,))}),
        (random_points(PUBLISHED, count=7), {"filters": LINE, "channels": Split(DivisibleBy(4), LINE, CONSTANT)}),
        (random_points(FORKED, noise=0.02), FORK),
        (random_points(PUBLISHED, count=1), {"filters": CONSTANT, "channels": Split(DivisibleBy(4), LINE, LINE)}),
    ]
    for together, (points, structure) in zip(fit_structures(wanted), wanted, strict=True):
        alone = fit_structure(points, structure)
        assert together.structure == structure
        assert together.predict(points.dimensions) == pytest.approx(alone.predict(points.dimensions), rel=1e-6)
        assert together.cost == pytest.approx(alone.cost, rel=1e-6)


def test_the_structure_is_found_from_slices_and_points_between():
    points = random_points(PUBLISHED, count=90, noise=0.01, seed=3)
    points.dimensions["filters"][:30] = 64.0
    points.dimensions["channels"][30:60] = 64.0
    seconds = PUBLISHED.evaluate(points.dimensions) * (1.0 + 0.01 * np.random.default_rng(4).standard_normal(90))
    best = fit_points(Points(points.dimensions, seconds, 0.01, np.ones(90)))[0]
    assert {name: shape.widths for name, shape in best.structure.items()} == {"filters": (32,), "channels": (8,)}


def test_dimensions_that_move_together_are_fitted_as_an_area():
    size = np.arange(4.0, 64.0, 3.0)
    seconds = 1e-4 + 2e-7 * size * size
    best = fit_points(Points({"height": size, "width": size}, seconds, 0.01, np.ones(len(size))))[0]
    oblong = {"height": np.array([8.0, 56.0]), "width": np.array([56.0, 8.0])}
    assert best.predict({"height": size, "width": size}) == pytest.approx(seconds, rel=0.02)
    assert best.predict(oblong)[0] == pytest.approx(best.predict(oblong)[1], rel=0.05)


def test_one_point_gives_a_constant():
    points = Points({"filters": np.array([8.0])}, np.array([0.5]), 0.01, np.ones(1))
    best = fit_points(points)[0]
    assert best.structure == {"filters": CONSTANT}
    assert best.formula() == Constant(pytest.approx(0.5, rel=1e-6))


def test_stairs_that_stand_on_stairs_are_found():
    rows = Linear("channels", Constant(1e-5), Constant(4e-6))
    blocks = Linear("channels", Constant(0.0), Constant(2.4e-6))
    groups = Linear("channels", Constant(0.0), Constant(1.8e-6))
    formula = Step("filters", 64, Step("filters", 16, rows, blocks), groups)
    rng = np.random.default_rng(4)
    dimensions = {"filters": rng.integers(1, 1025, 90).astype(float), "channels": 16.0 * rng.integers(1, 65, 90)}
    seconds = formula.evaluate(dimensions) * (1.0 + 0.01 * rng.standard_normal(90))
    fitted = fit_points(Points(dimensions, seconds, 0.01, np.ones(90)))[0]
    assert set(fitted.structure["filters"].widths) == {16, 64}
    assert fitted.formula().evaluate(dimensions) == pytest.approx(formula.evaluate(dimensions), rel=0.02)


def test_no_second_staircase_is_bought_from_noise():
    points = random_points(PUBLISHED, noise=0.02)
    best = fit_points(points)[0]
    assert (best.structure["filters"].widths, best.structure["channels"].widths) == ((32,), (8,))


def test_layers_beyond_a_cache_are_a_regime_of_their_own():
    rng = np.random.default_rng(3)
    dimensions = {name: rng.integers(4, 200, 40).astype(float) for name in ("channels", "height")}
    moved = 64.0 * dimensions["channels"] * dimensions["height"]
    seconds = 1e-5 + moved * np.where(moved <= 400_000, 4e-11, 8e-11) * (1.0 + 0.01 * rng.standard_normal(40))
    points = Points({"bytes_moved": moved, **dimensions}, seconds, 0.01, np.ones(40), derived=("bytes_moved",))
    best = fit_points(points)[0]
    threshold = best.structure["bytes_moved"].condition.threshold
    assert best.structure["channels"] == best.structure["height"] == LINE
    assert moved[moved <= 400_000].max() * 0.7 < threshold < moved[moved > 400_000].min() * 1.4
    assert "bytes_moved <=" in best.formula().text()


def test_points_on_one_line_are_taken_for_work_in_all_dimensions():
    filters = np.array([16.0, 64.0, 128.0, 300.0, 512.0, 1024.0])
    dimensions = {"filters": filters, "channels": np.full(6, 256.0), "height": np.full(6, 16.0)}
    best = fit_points(Points(dimensions, 1e-3 * filters, 0.01, np.ones(6)))[0]
    small = {"filters": np.array([256.0]), "channels": np.array([16.0]), "height": np.array([8.0])}
    assert best.predict(small) == pytest.approx([0.256 / 16 / 2], rel=0.01)


def test_dimensions_that_do_not_count_are_left_out_when_points_tell():
    points = random_points(PUBLISHED, noise=0.01)
    points.dimensions["height"] = np.random.default_rng(2).integers(4, 57, len(points)).astype(float)
    assert "height" not in fit_points(points)[0].formula().text()
