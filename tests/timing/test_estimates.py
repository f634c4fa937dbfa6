"""The trimmed mean and its error."""

import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.timing import trimmed_mean


def test_the_mean_of_equal_numbers_is_sure() -> None:
    assert trimmed_mean([2.0] * 9) == (2.0, 0.0)


def test_one_number_is_its_mean() -> None:
    assert trimmed_mean([3.0]).mean == 3.0


def test_a_quarter_of_outliers_does_not_move_the_mean() -> None:
    assert trimmed_mean([1.0] * 9 + [50.0] * 3).mean == 1.0


def test_without_trimming_it_is_the_plain_mean_and_its_standard_error() -> None:
    values = [1.0, 2.0, 4.0, 7.0]
    estimate = trimmed_mean(values, trimmed=0.0)
    assert estimate.mean == statistics.fmean(values)
    assert estimate.error == pytest.approx(statistics.stdev(values) / 2)


def test_the_error_is_the_spread_of_the_mean_over_repeated_samples() -> None:
    chance = random.Random(0)
    estimates = [trimmed_mean([chance.gauss(10, 1) for _ in range(20)]) for _ in range(2000)]
    spread = statistics.stdev(estimate.mean for estimate in estimates)
    assert statistics.fmean(estimate.error for estimate in estimates) == pytest.approx(spread, rel=0.1)


numbers = st.lists(st.floats(0.1, 10), min_size=1, max_size=40)


@given(numbers, st.randoms())
def test_the_order_of_numbers_does_not_matter(values: list[float], chance: random.Random) -> None:
    shuffled = chance.sample(values, len(values))
    assert trimmed_mean(values) == trimmed_mean(shuffled)


@given(numbers, st.floats(0.01, 100))
def test_scaling_the_numbers_scales_the_estimate(values: list[float], factor: float) -> None:
    plain, scaled = trimmed_mean(values), trimmed_mean([factor * value for value in values])
    assert scaled.mean == pytest.approx(factor * plain.mean)
    assert scaled.error == pytest.approx(factor * plain.error, abs=1e-9 * factor)


@given(numbers)
def test_the_mean_lies_within_the_numbers(values: list[float]) -> None:
    tolerance = 1e-12 * max(values)
    assert min(values) - tolerance <= trimmed_mean(values).mean <= max(values) + tolerance
