"""Robust fits of many designs at once: coefficients, outliers, signs, and what they cost."""

from itertools import pairwise

import numpy as np
import pytest

from blackthorn.fitting.evidence import CLOCK_SECONDS, fit_candidates, misfit_of

X = np.arange(1.0, 31.0)
LINE = np.stack([np.ones_like(X), X])


def fit(columns: np.ndarray, seconds: np.ndarray, weights: np.ndarray | None = None):
    present = np.ones(len(seconds)) if weights is None else weights
    return fit_candidates(columns[None], seconds, present[None], 0.01, len(seconds))


def test_exact_data_gives_exact_coefficients():
    fits = fit(LINE, 2.0 + 3.0 * X)
    assert fits.coefficients[0] == pytest.approx([2.0, 3.0], rel=1e-6)


def test_an_outlier_bends_the_fit_by_less_than_the_noise():
    seconds = 2.0 + 3.0 * X
    seconds[[3, 20]] *= 2.5
    assert fit(LINE, seconds).coefficients[0] == pytest.approx([2.0, 3.0], rel=3e-3)


def cost_where_one_is_off(factor: float) -> float:
    seconds = 2.0 + 3.0 * X
    seconds[20] *= factor
    return float(fit(LINE, seconds).cost[0])


def test_what_took_too_long_was_preempted_however_long_it_took():
    assert cost_where_one_is_off(9.0) == pytest.approx(cost_where_one_is_off(3.0), abs=0.5)


def test_what_was_faster_than_a_formula_says_the_formula_has_wrong():
    costs = [cost_where_one_is_off(factor) for factor in (0.9, 0.7, 0.5, 0.3)]
    assert all(further > nearer + 3.0 for nearer, further in pairwise(costs))
    assert costs[-1] > cost_where_one_is_off(3.0) + 10.0


def test_relative_errors_count_alike_for_small_and_large_layers():
    seconds = np.array([1.0, 1.1, 1000.0, 1100.0])
    columns = np.array([[1.0, 1.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]])
    small, large = fit(columns, seconds).coefficients[0]
    assert large == pytest.approx(1000.0 * small, rel=1e-6)


def test_no_coefficient_is_negative():
    seconds = np.linspace(3.0, 2.0, len(X))
    coefficients = fit(LINE, seconds).coefficients[0]
    assert coefficients[1] == 0.0
    assert 2.0 < coefficients[0] < 3.0


def test_a_measurement_without_weight_does_not_count():
    seconds = 2.0 + 3.0 * X
    seconds[10:] *= 1.3
    weights = (np.arange(len(X)) < 10).astype(float)
    assert fit(LINE, seconds, weights).coefficients[0] == pytest.approx([2.0, 3.0], rel=1e-6)


def test_measurements_that_count_less_are_predicted_as_they_are():
    seconds = 2.0 + 3.0 * X
    for weights in (np.full(len(X), 0.3), np.where(X > 20, 0.05, 1.0)):
        assert fit(LINE, seconds, weights).coefficients[0] == pytest.approx([2.0, 3.0], rel=1e-6)


def test_what_is_less_sure_may_be_further_off_and_is_no_likelier_to_be_worthless():
    def cost(error: float, weight: float) -> float:
        return float(misfit_of(np.array([error]), np.array([0.01**2]), np.array([weight])))

    assert cost(0.06, 1 / 9) == pytest.approx(cost(0.02, 1.0) + np.log(3.0), abs=0.01)
    assert cost(0.9, 1 / 9) == pytest.approx(cost(0.9, 1.0), abs=0.01)
    assert cost(0.9, 0.0) == 0.0


def test_the_noise_told_is_that_of_a_measurement_of_full_weight():
    rng = np.random.default_rng(0)
    weights = np.where(np.arange(3000) % 2, 1.0, 1 / 16)
    seconds = 1.0 + 0.05 * rng.standard_normal(3000) / np.sqrt(weights)
    assert fit(np.ones((1, 3000)), seconds, weights).noise[0] == pytest.approx(0.05, rel=0.1)


def test_a_column_that_does_not_help_costs_more_than_it_gains():
    seconds = np.full(len(X), 5.0) * (1.0 + 0.01 * np.random.default_rng(0).standard_normal(len(X)))
    assert fit(LINE[:1], seconds).cost[0] < fit(LINE, seconds).cost[0]


def test_a_column_that_helps_is_worth_its_cost():
    seconds = 5.0 + X
    assert fit(LINE, seconds).cost[0] < fit(LINE[:1], seconds).cost[0]


def test_columns_that_no_point_reaches_are_survived():
    columns = np.stack([np.ones_like(X), np.zeros_like(X)])
    fits = fit(columns, np.full(len(X), 5.0))
    assert fits.coefficients[0, 0] == pytest.approx(5.0, rel=1e-6)
    assert np.isfinite(fits.cost).all()


def test_what_the_clock_leaves_open_does_not_count_as_the_formulas_error():
    seconds = CLOCK_SECONDS * (6.0 + X)
    jittery = seconds + CLOCK_SECONDS * np.where(X % 2, 1.0, -1.0)
    microseconds, milliseconds = fit(LINE, jittery), fit(LINE, 1e3 * jittery)
    assert microseconds.noise[0] < 0.6 * milliseconds.noise[0]
    assert fit(LINE, 1e3 * seconds).coefficients[0] == pytest.approx([6e3 * CLOCK_SECONDS, 1e3 * CLOCK_SECONDS], rel=1e-6)
