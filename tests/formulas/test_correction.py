"""Corrections: 1 far from all points, what is known at them, and no more than twice or half."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.formulas import Correction
from blackthorn.formulas.correction import LARGEST_FACTOR, nearness, places
from tests.strategies import QUICK, corrections


def a_correction(divisor: int = 1, weight: float = 0.1) -> Correction:
    return Correction(("filters",), divisor, (1.0,), ((64,),), (weight,), 10.0)


@QUICK
@given(corrections(), st.lists(st.tuples(st.integers(1, 4096), st.integers(1, 4096)), min_size=1, max_size=5))
def test_it_stays_between_half_and_twice(correction: Correction, points: list[tuple[int, int]]) -> None:
    filters, channels = np.array(points, dtype=float).T
    factor = correction.factor({"filters": filters, "channels": channels})
    assert factor.shape == (len(points),)
    assert np.all((factor >= 1 / LARGEST_FACTOR) & (factor <= LARGEST_FACTOR))


def test_a_point_alone_gives_its_weight_there_and_nothing_far_away() -> None:
    factor = a_correction().factor({"filters": np.array([64.0, 65.0, 2.0**30])})
    assert factor[0] == pytest.approx(np.exp(0.1))
    assert 1.09 < factor[1] < factor[0]
    assert factor[2] == pytest.approx(1.0, abs=1e-9)


def test_aligned_values_are_told_apart_where_they_should_be() -> None:
    point = {"filters": np.array([63.0, 64.0])}
    beside, aligned = a_correction(16).factor(point)
    assert beside < a_correction().factor(point)[0]
    assert aligned == pytest.approx(np.exp(0.1))


def test_a_dimension_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="filters"):
        a_correction().factor({"channels": np.array([1.0])})


def test_the_kernel_is_one_at_no_distance_and_falls() -> None:
    there = places([np.array([1.0, 2.0, 4.0, 64.0])], [2.0])
    near = nearness(there, there[:1])[:, 0]
    assert near[0] == 1.0
    assert np.all(np.diff(near) < 0)
    assert nearness(there, there) == pytest.approx(nearness(there, there).T)


def test_dimensions_with_longer_lengths_matter_less() -> None:
    correction = Correction(("filters", "channels"), 1, (1.0, 8.0), ((64, 64),), (0.1,), 10.0)
    more_filters, more_channels = correction.factor({"filters": np.array([128.0, 64.0]), "channels": np.array([64.0, 128.0])})
    assert 1.0 < more_filters < more_channels
