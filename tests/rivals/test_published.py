"""The method of 2021, with what it can and what it cannot do."""

from collections.abc import Callable

import numpy as np
import pytest

from blackthorn.formulas import Linear, Step
from blackthorn.rivals import CannotFit, TimedLayers
from blackthorn.rivals.formulas import Formulas
from blackthorn.rivals.published import Published, PublishedModel
from blackthorn.rivals.published_slices import GRID, MOST_WIDTHS, candidate_widths
from tests.rivals.made_up import line_of_filters, made_layers, nested, plane, scattered

SEEDS = range(12)
NOISE = 0.005
EVERY = line_of_filters(range(1, 1025, 3))


def staircase(width: int) -> Callable[[dict[str, int]], float]:
    return lambda dimensions: 1e-4 + (dimensions["filters"] - 1) // width * 5e-5


def straight(dimensions: dict[str, int]) -> float:
    return 1e-4 + 2e-6 * dimensions["filters"]


def fitted(layers: TimedLayers) -> PublishedModel:
    model = Published().fit(layers)
    assert isinstance(model, PublishedModel)
    return model


def test_a_width_on_its_grid_is_found_without_noise() -> None:
    formula = fitted(made_layers(staircase(32), EVERY)).formula
    assert isinstance(formula, Step)
    assert formula.width == 32
    assert (formula.base.evaluate({}).item(), formula.height.evaluate({}).item()) == pytest.approx((1e-4, 5e-5))


@pytest.mark.parametrize("seed", SEEDS)
def test_a_width_that_is_not_on_its_grid_is_never_found(seed: int) -> None:
    formula = fitted(made_layers(staircase(20), EVERY, NOISE, seed)).formula
    assert isinstance(formula, (Step, Linear))
    assert not isinstance(formula, Step) or formula.width % GRID == 0


def test_a_straight_line_often_becomes_a_step() -> None:
    formulas = [fitted(made_layers(straight, EVERY, NOISE, seed)).formula for seed in SEEDS]
    assert sum(isinstance(formula, Step) for formula in formulas) >= len(SEEDS) / 4


@pytest.mark.parametrize("seconds", [staircase(20), straight], ids=["width 20", "line"])
def test_the_formulas_of_today_are_nearer(seconds: Callable[[dict[str, int]], float]) -> None:
    truth = made_layers(seconds, line_of_filters(range(1, 1025)))
    layers = made_layers(seconds, EVERY[::4], NOISE)
    today = Formulas().fit(layers)
    assert not isinstance(today, CannotFit)
    errors = [np.sqrt(np.mean((model.predict(truth) / truth.seconds - 1.0) ** 2)) for model in (today, fitted(layers))]
    assert errors[0] < errors[1]


def test_a_range_of_millions_has_no_more_candidates_than_one_of_thousands() -> None:
    assert candidate_widths(1024) == range(GRID, 1024, GRID)
    widest = candidate_widths(4_000_000)
    assert 0.9 * MOST_WIDTHS < len(widest) <= MOST_WIDTHS
    assert widest.step % GRID == 0


def test_perfect_timings_do_not_stop_it() -> None:
    layers = made_layers(straight, EVERY)
    assert fitted(layers).predict(layers) == pytest.approx(layers.seconds, rel=0.02)


def test_its_hierarchy_runs_over_whole_lines_of_points() -> None:
    layers = made_layers(nested, plane(range(1, 513, 8), range(8, 257, 8)))
    model = fitted(layers)
    assert isinstance(model.formula, Step)
    assert (model.formula.dimension, model.formula.width) == ("filters", 32)
    assert np.abs(model.predict(layers) / layers.seconds - 1.0).max() < 0.05


def test_scattered_points_are_refused_as_a_value() -> None:
    assert Published().fit(made_layers(nested, scattered(60))) == CannotFit(
        "its hierarchy needs whole lines of points along each dimension"
    )


def test_equal_times_are_a_constant() -> None:
    layers = made_layers(lambda _: 1e-3, EVERY)
    assert fitted(layers).formula.evaluate({}).item() == pytest.approx(1e-3)
