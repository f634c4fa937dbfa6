"""The scores, each on cases whose answer is plain."""

import numpy as np
import pytest

from blackthorn.selection.scores import (
    alignment,
    coefficient_score,
    distance_score,
    levels_score,
    leverage,
    plausibility,
    range_score,
    unit_scale,
)

EVEN = np.array([0.5, 0.5])


def test_plausibility_sums_to_one_and_falls_with_cost():
    probabilities = plausibility(np.array([3.0, 1.0, 2.0]))
    assert probabilities.sum() == pytest.approx(1.0)
    assert probabilities[1] > probabilities[2] > probabilities[0]


def test_agreeing_explanations_tell_nothing():
    assert levels_score(np.array([[2.0], [2.0]]), EVEN, 0.01) == pytest.approx(0.0, abs=1e-12)


def test_two_levels_far_apart_tell_which_of_two_is_true():
    assert levels_score(np.array([[1.0], [2.0]]), EVEN, 0.01)[0] == pytest.approx(np.log(2.0))


def test_more_distinct_levels_tell_more():
    even = np.full(4, 0.25)
    two = levels_score(np.array([[1.0], [1.0], [2.0], [2.0]]), even, 0.01)[0]
    four = levels_score(np.array([[1.0], [2.0], [3.0], [4.0]]), even, 0.01)[0]
    assert four > two > 0.0


def test_levels_within_the_noise_tell_little():
    assert levels_score(np.array([[1.0], [1.01]]), EVEN, 0.05)[0] < 0.01


def test_the_range_is_the_relative_deviation():
    assert range_score(np.array([[1.0], [np.e]]), EVEN)[0] == pytest.approx(0.5)


def test_leverage_of_a_repeated_point_falls_with_repeats():
    once = leverage(np.array([[1.0]]), np.ones((1, 1)))[0]
    four = leverage(np.array([[1.0]]), np.ones((4, 1)))[0]
    assert once == pytest.approx(1.0, rel=1e-4)
    assert four == pytest.approx(0.25, rel=1e-4)


def test_a_direction_never_measured_tells_most_about_coefficients():
    measured = np.array([[1.0, 0.0], [1.0, 0.0]])
    seen, unseen = coefficient_score(np.array([[1.0, 0.0], [0.0, 1.0]]), measured)
    assert unseen > seen > 0.0


def test_distance_is_to_the_nearest():
    points, measured = np.array([[0.0], [0.5], [0.9]]), np.array([[0.0], [1.0]])
    assert distance_score(points, measured) == pytest.approx([0.0, 0.5, 0.1])


def test_the_unit_scale_is_halfway_between_linear_and_logarithmic():
    low, high = np.array([1.0]), np.array([16.0])
    assert unit_scale(np.array([1.0, 16.0]), low, high) == pytest.approx([0.0, 1.0])
    assert unit_scale(np.array([4.0]), low, high)[0] == pytest.approx((3 / 15 + 1 / 2) / 2)
    assert unit_scale(np.array([5.0]), np.array([5.0]), np.array([5.0]))[0] == 0.0


def test_alignment_counts_how_often_two_divides_up_to_the_longest_block():
    assert alignment(np.array([7.0, 2.0, 24.0, 64.0, 4096.0])) == pytest.approx([0.0, 1 / 6, 3 / 6, 1.0, 1.0])
