"""Which points a sweep weighs."""

import numpy as np

from blackthorn.records import Range
from blackthorn.selection.base import AxisPoint
from blackthorn.selection.space import ENDS, LONGEST_LINE, MOST_CANDIDATES, Space


def test_every_point_of_a_small_grid_may_come() -> None:
    space = Space({"filters": Range(16, 64, 16), "channels": Range(1, 4)}, {})
    assert space.candidates.shape == (16, 2)
    assert space.may_come.all()


def test_ends_of_a_large_grid_are_candidates_that_do_not_come_because_of_that() -> None:
    wide = Range(1, 1000)
    space = Space({"filters": wide, "channels": wide, "height": wide}, {})
    assert MOST_CANDIDATES * 0.99 < space.may_come.sum() <= MOST_CANDIDATES
    rest = space.candidates[~space.may_come]
    assert len(rest) > 200
    assert np.all((rest <= ENDS) | (rest > 1000 - ENDS))


def test_half_of_the_candidates_are_spread_evenly_over_axes_of_any_length() -> None:
    for high in (2_000, 4_000_000):
        space = Space({"elements": Range(1, high), "rows": Range(1, high)}, {})
        upper = space.candidates[space.may_come] > high / 2
        assert abs(upper.mean() - (0.5 * 0.5 + 0.5 * np.log(2.0) / np.log(high))) < 0.03


def test_what_follows_from_a_point_is_worked_out_once() -> None:
    asked = []

    def area(point: AxisPoint) -> float:
        asked.append(point)
        return float(point["height"] * point["width"])

    space = Space({"height": Range(1, 9), "width": Range(1, 9)}, {}, derived={"area": area})
    keys = np.array([[2.0, 3.0], [4.0, 5.0]])
    for _ in range(2):
        found = space.derived(keys)
        assert list(found) == ["area"]
        assert found["area"].tolist() == [6.0, 20.0]
    assert asked == [{"height": 2, "width": 3}, {"height": 4, "width": 5}]


def test_a_dimension_that_follows_from_one_axis_has_its_line_and_one_that_follows_from_several_has_none() -> None:
    axes = {"channels": Range(1, 9), "height": Range(1, 9), "width": Range(1, 9)}
    following = {"rows": lambda point: point["height"] / 2, "area": lambda point: float(point["height"] * point["width"])}
    space = Space(axes, {"height": ("rows",), "width": ()}, following=following)
    assert space.merged_names == ("area",)
    assert [line.place for line in space.lines()] == [0, 1]
    found = space.dimensions(np.array([[3.0, 5.0, 7.0]]))
    assert {name: values.tolist() for name, values in found.items()} == {"channels": [3.0], "rows": [2.5], "area": [35.0]}


def test_nothing_follows_unless_it_is_told_how() -> None:
    assert Space({"height": Range(1, 9)}, {}).derived(np.array([[2.0]])) == {}


def test_lines_that_are_too_long_to_show_stairs_tell_no_shape() -> None:
    space = Space({"rows": Range(1, 64), "elements": Range(1, 10 * LONGEST_LINE)}, {})
    assert [line.place for line in space.lines()] == [0]
    assert not Space({"elements": Range(1, 10 * LONGEST_LINE)}, {}).is_line()
