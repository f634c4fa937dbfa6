"""Which shapes are proposed along a dimension."""

import numpy as np

from blackthorn.fitting.points import Points
from blackthorn.fitting.proposals import proposals
from blackthorn.fitting.shapes import Leaf, Split
from blackthorn.formulas import DivisibleBy


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
