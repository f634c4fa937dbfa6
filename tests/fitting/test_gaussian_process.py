"""Processes learn how far errors reach, from the points that their formula was fitted to."""

import numpy as np

from blackthorn.fitting.gaussian_process import fitted_process
from blackthorn.fitting.points import Points
from blackthorn.fitting.unexplained import Unexplained


def waves(count: int = 60) -> Unexplained:
    """A slow wave of filters, and nothing that channels tell; every other point is left out of the first formula."""
    rng = np.random.default_rng(1)
    filters, channels = (rng.integers(8, 512, count).astype(float) for _ in range(2))
    points = Points({"filters": filters, "channels": channels}, np.ones(count), 0.02, np.ones(count))
    logarithms = 0.2 * np.sin(np.log2(filters)) + 0.005 * rng.standard_normal((2, count))
    fitted = np.array([np.arange(count) % 2 == 0, np.full(count, True)])
    return Unexplained(points, logarithms, fitted)


def test_how_far_errors_reach_is_learnt_for_each_dimension() -> None:
    process, _ = fitted_process(waves())
    reach = dict(zip(process.dimensions, process.lengths, strict=True))
    assert reach["filters"] < reach["channels"]


def test_each_formula_has_a_process_of_its_own_points() -> None:
    errors = waves()
    process, left = fitted_process(errors)
    assert len(process.points) == len(errors.points)
    assert left.misfit() < 0.5 * errors.misfit()
    spoilt = errors._replace(logarithms=np.where(errors.fitted, errors.logarithms, 0.5))
    assert np.array_equal(fitted_process(spoilt)[1].logarithms[errors.fitted], left.logarithms[errors.fitted])


def test_a_group_far_off_is_learnt_and_one_point_alone_is_not() -> None:
    errors = waves()
    of_group = errors.points.dimensions["filters"] > 420
    assert 5 < of_group.sum() < 20
    group, _ = fitted_process(errors.less(-0.6 * of_group))
    assert group.logarithm({"filters": np.array([460.0]), "channels": np.array([100.0])})[0] > 0.4
    alone, _ = fitted_process(errors.less(-0.6 * (np.arange(len(errors.points)) == 7)))
    place = {name: values[7:8] for name, values in errors.points.dimensions.items()}
    assert abs(alone.logarithm(place) - errors.logarithms[-1][7])[0] < 0.1
