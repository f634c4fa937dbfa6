"""One dimension: stairs that are alike at the points measured are one."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.fitting.slices import distinct_stairs
from blackthorn.formulas.step import steps_climbed
from tests.strategies import QUICK

WIDTHS = np.arange(2, 300)


@QUICK
@given(st.lists(st.integers(1, 1024), min_size=1, max_size=12))
def test_stairs_are_kept_once_and_found_again_by_width(x: list[int]) -> None:
    values = np.array(x, dtype=float)
    stairs, which = distinct_stairs(values, WIDTHS)
    assert (stairs[which] == steps_climbed(values, WIDTHS[:, None])).all()
    assert len(np.unique(stairs, axis=0)) == len(stairs)


def test_no_width_climbs_no_stairs() -> None:
    stairs, which = distinct_stairs(np.array([1.0, 5.0]), WIDTHS[:0])
    assert (stairs.shape, which.shape) == ((0, 2), (0,))
