"""Lines of points, and dense ones thinned."""

import numpy as np

from blackthorn.fitting.lines import lines, thinned, without_crowds
from blackthorn.fitting.points import Points


def points(filters, channels):
    count = len(filters)
    dimensions = {"filters": np.array(filters, dtype=float), "channels": np.array(channels, dtype=float)}
    return Points(dimensions, np.ones(count), 0.01, np.ones(count))


def test_a_line_is_what_differs_in_one_dimension_alone():
    masks = list(lines(points([1, 2, 3, 9], [5, 5, 5, 7]), "filters"))
    assert [mask.tolist() for mask in masks] == [[True, True, True, False], [False, False, False, True]]


def test_a_thinned_line_keeps_its_ends_and_more_small_values():
    values = np.arange(1.0, 1001.0)
    kept = values[thinned(values, np.ones(1000, dtype=bool), 40)]
    assert len(kept) <= 40
    assert (kept[0], kept[-1]) == (1.0, 1000.0)
    assert np.median(kept) < 300.0


def test_a_short_line_is_kept_whole():
    inside = np.array([True, False, True])
    assert thinned(np.array([1.0, 2.0, 3.0]), inside, 40).tolist() == inside.tolist()


def test_only_dense_lines_are_thinned():
    dense = points([*range(1, 201), 7, 9, 11], [64] * 200 + [1, 2, 3])
    kept = without_crowds(dense, 20)
    assert (kept.dimensions["channels"] == 64).sum() <= 20
    assert (kept.dimensions["channels"] != 64).sum() == 3
