"""Which points are left out together."""

import numpy as np

from blackthorn.fitting.joint import fit_structure
from blackthorn.fitting.leaving_out import FOLDS, NEAR, cross_validation
from blackthorn.fitting.lockstep import finished
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import LINE


def parts(**dimensions: list[float]) -> list[int]:
    """The part that each point is left out with; layers take as long as their sizes multiplied."""
    sizes = {name: np.array(values, dtype=float) for name, values in dimensions.items()}
    seconds = 1e-6 * np.prod(list(sizes.values()), axis=0)
    points = Points(sizes, seconds, 0.02, np.ones(len(seconds)))
    (left_out,) = finished(cross_validation(points, [fit_structure(points, dict.fromkeys(sizes, LINE))]))
    masks = np.array([mask for mask, _ in left_out.parts])
    assert (masks.sum(axis=0) == 1).all()
    return [int(part) for part in masks.argmax(axis=0)]


APART = [float(2**power) for power in range(10)]


def test_points_apart_are_dealt_out_in_turn() -> None:
    assert parts(filters=APART, channels=APART) == [0, 1, 2, 3, 4] * 2


def test_neighbours_of_several_dimensions_are_left_out_together_and_parts_stay_alike() -> None:
    near = 1.99**NEAR
    found = parts(filters=[*APART, 4 * near, 4 / near], channels=[*APART, 4 * near, 4])
    assert found[2] == found[10] == found[11]
    assert max(np.bincount(found)) == 3
    assert len(set(parts(filters=[*APART, 4 * near], channels=[*APART, 5 * near]))) == FOLDS


def test_along_one_dimension_every_point_is_by_itself() -> None:
    assert parts(filters=[64.0, 65.0, 66.0, 67.0, 68.0, 69.0]) == [0, 1, 2, 3, 4, 0]


def test_points_that_are_all_near_to_each_other_are_by_themselves() -> None:
    assert parts(filters=[64.0, 65.0, 66.0, 67.0, 68.0, 69.0], channels=[8.0] * 6) == [0, 1, 2, 3, 4, 0]
