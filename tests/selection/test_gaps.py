"""Explanations whose thresholds may lie anywhere between two measured values."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.fitting.shapes import LINE, Split, conditions
from blackthorn.fitting.slices import Explanation
from blackthorn.formulas import AtMost, DivisibleBy
from blackthorn.selection.gaps import PLACES, spread_over_gaps

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
