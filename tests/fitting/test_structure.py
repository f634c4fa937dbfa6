"""Which structure is found among random points of known formulas."""

import numpy as np
import pytest

from blackthorn.fitting.joint import Points
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Split, leaves, with_leaf
from blackthorn.fitting.structure import fit_points, usual_stairs
from blackthorn.formulas import AtMost, Constant, Formula, Linear, Step, Tiles, Tiling


def random_points(formula: Formula, count: int, noise: float, **highest: int) -> Points:
    """Random points of a formula, uniform in the logarithm."""
    rng = np.random.default_rng(7)
    dimensions = {name: np.floor(np.exp(rng.uniform(0.0, np.log(high), count))) + 3.0 for name, high in highest.items()}
    seconds = formula.evaluate(dimensions) * np.exp(noise * rng.standard_normal(count))
    return Points(dimensions, seconds, noise, np.ones(count))


def test_tiles_are_found_with_their_offset_and_pieces() -> None:
    row = Tiles("width", Tiling(6, 2, 3), Constant(1e-4), Constant(2.7e-4), Constant(1.7e-4))
    points = random_points(Linear("height", Constant(1e-4), row), 100, 0.01, height=200, width=60)
    best = fit_points(points)[0]
    assert best.structure["width"] == Leaf(tiling=Tiling(6, 2, 3))
    assert best.noise < 0.015


def test_blocks_in_groups_are_found_where_no_points_lie_on_a_line() -> None:
    block = Step("filters", 64, Step("filters", 16, Constant(2e-4), Constant(1e-4)), Constant(3e-4))
    points = random_points(Linear("height", Constant(1e-5), block), 80, 0.01, filters=1000, height=200)
    assert fit_points(points)[0].structure["filters"] == Leaf((16, 64))


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ((3, 5, 8), [(4,)]),
        ((3, 100), [(4,), (4, 16), (8,), (8, 32), (16,), (16, 64), (32,)]),
        ((16, 160), [(32,), (32, 128)]),
    ],
)
def test_usual_stairs_are_those_that_values_can_show(values: tuple[int, ...], found: list[tuple[int, ...]]) -> None:
    assert [leaf.widths for leaf in usual_stairs(np.array(values, dtype=float)) if not leaf.linear] == found


def test_a_leaf_is_replaced_by_its_place() -> None:
    shape = Split(AtMost(4), LINE, Split(AtMost(8), CONSTANT, LINE))
    for place in range(3):
        changed = list(leaves(with_leaf(shape, place, Leaf((16,)))))
        assert changed[place] == Leaf((16,))
        assert [leaf for i, leaf in enumerate(changed) if i != place] == [
            leaf for i, leaf in enumerate(leaves(shape)) if i != place
        ]
