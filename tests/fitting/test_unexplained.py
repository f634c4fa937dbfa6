"""What formulas leave unexplained, at points left out and together."""

import numpy as np
import pytest

from blackthorn.fitting.joint import fit_structure
from blackthorn.fitting.leaving_out import cross_validation
from blackthorn.fitting.lockstep import finished
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import LINE
from blackthorn.fitting.unexplained import Unexplained, unexplained


def layers(count: int = 20) -> Points:
    rng = np.random.default_rng(1)
    filters, channels = (rng.integers(8, 512, count).astype(float) for _ in range(2))
    seconds = 1e-8 * filters * channels * np.exp(0.1 * rng.standard_normal(count))
    dimensions = {"filters": filters, "channels": channels, "width": filters, "height": np.full(count, 7.0)}
    return Points(dimensions, seconds, 0.02, np.ones(count))


def test_points_left_out_are_told_by_the_formula_without_them() -> None:
    points = layers()
    fit = fit_structure(points, dict.fromkeys(points.dimensions, LINE))
    alone = finished(cross_validation(points, [fit]))[0]
    errors = unexplained(points, fit, alone)
    assert np.exp(-errors.left_out()) - 1.0 == pytest.approx(alone.residuals)
    assert errors.logarithms[-1] == pytest.approx(np.log(points.seconds / fit.predict(points.dimensions)))
    assert errors.fitted[-1].all()


def test_dimensions_that_differ_count_once() -> None:
    count = len(layers())
    assert Unexplained(layers(), np.zeros((1, count)), np.full((1, count), True)).independent() == ("filters", "channels")


def test_an_error_beyond_bounds_counts_as_at_them() -> None:
    count = len(layers())
    left_out = Unexplained(layers(), np.full((2, count), 100.0), np.array([np.full(count, False), np.full(count, True)]))
    assert left_out.misfit() == pytest.approx(0.5)
    assert left_out.less(np.full((2, count), 100.0)).misfit() == 0.0
