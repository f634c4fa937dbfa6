"""Explanations whose thresholds may lie anywhere between two measured values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.fitting.cells import Fork, conditions_of
from blackthorn.fitting.joint import fit_structure
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import LINE, Split, conditions
from blackthorn.fitting.slices import Explanation
from blackthorn.formulas import AtMost, DivisibleBy
from blackthorn.selection.gaps import PLACES, spread_over_doubt, spread_over_gaps

MEASURED = np.array([1.0, 10.0, 100.0, 101.0, 4000.0])
COEFFICIENTS = ((1.0, 2.0), (3.0, 4.0), (5.0, 6.0))


def explanation(*thresholds: int, cost: float = 0.0) -> Explanation:
    shape = LINE
    for threshold in thresholds:
        shape = Split(AtMost(threshold), shape, LINE)
    return Explanation(shape, COEFFICIENTS[: 1 + len(thresholds)], 0.02, cost)


@given(st.integers(10, 99), st.integers(101, 3999))
def test_variants_part_the_measurements_alike_and_are_together_as_likely_as_the_one_they_stand_for(first, second):
    variants = spread_over_gaps([explanation(first, second, cost=3.0)], MEASURED)
    assert len(variants) == PLACES
    for variant in variants:
        np.testing.assert_array_equal(variant.predict(MEASURED), explanation(first, second).predict(MEASURED))
    np.testing.assert_allclose(np.exp([-variant.cost for variant in variants]).sum(), np.exp(-3.0))


def test_places_of_a_threshold_reach_from_one_end_of_its_gap_to_the_other_and_pair_differently_with_another_s():
    variants = spread_over_gaps([explanation(50, 2000)], MEASURED)
    outer, inner = ({list(conditions(variant.shape))[i].threshold for variant in variants} for i in (0, 1))
    assert (min(outer), max(outer), len(outer)) == (101, 3999, PLACES)
    assert (min(inner), max(inner), len(inner)) == (10, 99, PLACES)


def test_explanations_that_no_measurement_tells_apart_have_one_say():
    variants = spread_over_gaps([explanation(101, cost=1.0), explanation(3999, cost=1.0)], MEASURED)
    assert len(variants) == PLACES


def test_explanations_without_a_threshold_to_move_stay_as_they_are():
    aligned = Explanation(Split(DivisibleBy(8), LINE, LINE), COEFFICIENTS[:2], 0.02, 2.0)
    settled = explanation(100, cost=1.0)
    assert spread_over_gaps([aligned, settled], MEASURED) == (settled, aligned)


def wide_ones_slow(slow: float) -> Points:
    """Layers of up to 64 rows and of up to 100 columns or 900 and more; those that are wide and high are so much slower."""
    height, width = (axis.ravel() for axis in np.meshgrid([2.0, 8.0, 40.0, 64.0], [10.0, 40.0, 100.0, 900.0, 2000.0]))
    small = np.repeat([3.0, 5.0], 3), np.tile([200.0, 400.0, 700.0], 2)
    height, width = (np.concatenate(pair) for pair in zip((height, width), small, strict=True))
    seconds = 1e-6 * height * width * np.where((width > 500.0) & (height > 16.0), slow, 1.0)
    return Points({"height": height, "width": width}, seconds, 0.02, np.ones(len(height)))


def test_a_threshold_may_lie_as_far_off_as_measurements_do_not_tell() -> None:
    points = wide_ones_slow(3.0)
    lines = {"height": LINE, "width": LINE}
    fork = Fork("height", AtMost(16), lines, {"height": LINE, "width": Split(AtMost(500), LINE, LINE)})
    fit = fit_structure(points, fork)
    variants = spread_over_doubt([fit], points)
    assert len(variants) == PLACES
    heights, widths = ([list(conditions_of(v.structure))[place][1].threshold for v in variants] for place in (0, 1))
    assert (min(widths), max(widths)) == (100, 899)  # images of 5 rows are 200 to 700 wide, and tell nothing of it
    assert (min(heights), max(heights)) == (8, 39)
    for variant in variants:
        np.testing.assert_allclose(variant.predict(points.dimensions), fit.predict(points.dimensions))
    np.testing.assert_allclose(np.exp([fit.cost - variant.cost for variant in variants]).sum(), 1.0)


def test_fits_without_thresholds_stay_as_they_are() -> None:
    points = wide_ones_slow(1.0)
    fit = fit_structure(points, {"height": LINE, "width": LINE})
    (same,) = spread_over_doubt([fit], points)
    assert (same.structure, same.cells, same.cost) == (fit.structure, fit.cells, fit.cost)
