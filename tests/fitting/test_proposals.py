"""Which shapes are proposed along a dimension."""

import numpy as np

from blackthorn.fitting.points import Points
from blackthorn.fitting.proposals import alignments, proposals, thresholds
from blackthorn.fitting.shapes import Leaf, Split
from blackthorn.formulas import AtMost, DivisibleBy


def test_what_is_a_product_of_sizes_has_blocks_but_no_kernels_for_its_multiples() -> None:
    values = np.repeat(np.arange(1, 65), 2).astype(np.float64)
    filters = np.tile([32.0, 64.0], 64)
    plain = Points({"positions": values, "filters": filters}, 1e-6 * values * filters, 0.01, np.ones(128))
    merged = Points({"positions": values, "filters": filters}, plain.seconds, 0.01, plain.weights, merged=("positions",))
    told, kept = (list(proposals(points, "positions")) for points in (plain, merged))
    parted = [shape for shape in told if isinstance(shape, Split) and isinstance(shape.condition, DivisibleBy)]
    assert parted
    assert not [shape for shape in kept if shape in parted]
    assert Leaf((16,)) in kept


def test_one_size_that_many_points_share_shows_no_alignment() -> None:
    others = np.array([33.0, 35.0, 37.0, 39.0, 41.0])
    assert not list(alignments(np.concatenate([np.full(20, 64.0), others])))
    assert list(alignments(np.concatenate([[16.0, 48.0, 64.0, 80.0], others])))


def test_thresholds_are_tried_beside_the_few_smallest_sizes_though_these_repeat() -> None:
    narrow, wide = [4.0, 4.0, 5.0, 5.0, 5.0, 5.0], np.arange(7.0, 107.0).tolist()
    assert AtMost(5) in thresholds(np.array(narrow + wide), 0, 106)
