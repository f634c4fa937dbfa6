"""Gaussian processes: nothing far from all points, and what is known at them."""

import numpy as np
import pytest

from blackthorn.formulas import GaussianProcess
from blackthorn.formulas.gaussian_process import nearness, places


def a_process(divisor: int = 1, weight: float = 0.1) -> GaussianProcess:
    return GaussianProcess(("filters",), divisor, (1.0,), ((64,),), (weight,))


def test_a_point_alone_gives_its_weight_there_and_nothing_far_away() -> None:
    found = a_process().logarithm({"filters": np.array([64.0, 65.0, 2.0**30])})
    assert found[0] == pytest.approx(0.1)
    assert 0.09 < found[1] < found[0]
    assert found[2] == pytest.approx(0.0, abs=1e-9)


def test_aligned_values_are_told_apart_where_they_should_be() -> None:
    point = {"filters": np.array([63.0, 64.0])}
    beside, aligned = a_process(16).logarithm(point)
    assert beside < a_process().logarithm(point)[0]
    assert aligned == pytest.approx(0.1)


def test_a_dimension_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="filters"):
        a_process().logarithm({"channels": np.array([1.0])})


def test_the_kernel_is_one_at_no_distance_and_falls() -> None:
    there = places([np.array([1.0, 2.0, 4.0, 64.0])], [2.0])
    near = nearness(there, there[:1])[:, 0]
    assert near[0] == 1.0
    assert np.all(np.diff(near) < 0)
    assert nearness(there, there) == pytest.approx(nearness(there, there).T)


def test_dimensions_with_longer_lengths_matter_less() -> None:
    process = GaussianProcess(("filters", "channels"), 1, (1.0, 8.0), ((64, 64),), (0.1,))
    more_filters, more_channels = process.logarithm({"filters": np.array([128.0, 64.0]), "channels": np.array([64.0, 128.0])})
    assert 0.0 < more_filters < more_channels
