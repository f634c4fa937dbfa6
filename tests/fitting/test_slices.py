"""One dimension: stairs that are alike at the points measured are one, and no explanation is of nothing."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.fitting.slices import Search, distinct_stairs, explain
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


def test_where_an_explanation_says_that_layers_take_no_time_no_regime_is_sought() -> None:
    """Stairs alone are nothing up to their first step, so that any time is infinitely many times what they say."""
    values, seconds = (268.0, 4.0, 16.0, 28.0), (3.57e-4, 1.41e-5, 1.4e-5, 2.79e-5)
    found = explain(values, seconds, (1.0, 0.15, 0.67, 1.0), 0.057, Search(2, 1024))
    assert all(np.isfinite(explanation.cost) for explanation in found)
