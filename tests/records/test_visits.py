"""Visits of one probe, made one measurement."""

import math
import random
import statistics

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.records import GOOD_ERROR, Grade, Measurement, merged_visits
from tests.examples import a_measurement


def visit(ratio: float, error: float = 0.01, grade: Grade = "settled", reference: float | None = 2e-3) -> Measurement:
    """A timing of so many times the reference."""
    seconds = ratio * (reference or 1.0)
    changes = {"seconds": seconds, "wall_seconds": 1.1 * seconds, "relative_error": error, "grade": grade}
    return msgspec.structs.replace(a_measurement(1, reference), **changes)


def test_one_visit_is_what_it_is() -> None:
    assert merged_visits([visit(3.0)]) == visit(3.0)


def test_visits_that_agree_are_surer_together() -> None:
    both = merged_visits([visit(3.0, 0.02, "noisy")] * 4)
    assert both.seconds == pytest.approx(6e-3)
    assert both.wall_seconds == pytest.approx(6.6e-3)
    assert both.relative_error == pytest.approx(0.01)
    assert both.grade == "settled"
    assert both.calls == 40


def test_visits_that_differ_by_more_than_they_claim_are_as_unsure_as_they_differ() -> None:
    both = merged_visits([visit(2.9, 0.001), visit(3.3, 0.001)])
    assert both.seconds == pytest.approx(3.1 * 2e-3, rel=1e-3)
    assert both.relative_error == pytest.approx(0.2 / 3.1, rel=1e-2)
    assert both.grade == "noisy"


def test_the_surer_visit_counts_more_where_they_differ_by_no_more_than_they_claim() -> None:
    both = merged_visits([visit(3.0, 0.01), visit(3.1, 0.1, "noisy")])
    assert both.at_speed(1.0) == pytest.approx(3.001, rel=1e-3)


def test_the_error_is_that_of_the_mean_when_visits_scatter() -> None:
    chance = random.Random(0)
    found = [merged_visits([visit(chance.gauss(3.0, 0.15), 0.005) for _ in range(6)]) for _ in range(500)]
    spread = statistics.stdev(each.at_speed(1.0) for each in found) / 3.0
    assert statistics.fmean(each.relative_error for each in found) == pytest.approx(spread, rel=0.1)


def test_it_is_stated_at_the_speed_of_the_fastest_reference() -> None:
    both = merged_visits([visit(3.0, reference=3e-3), visit(3.0, reference=2e-3), visit(3.0, reference=4e-3)])
    assert (both.seconds, both.reference_seconds) == (pytest.approx(6e-3), 2e-3)


def test_without_a_reference_times_stand_for_themselves() -> None:
    both = merged_visits([visit(3.0, reference=None), visit(3.2, reference=None)])
    assert both.reference_seconds is None
    assert both.seconds == pytest.approx(3.1, rel=1e-2)


@pytest.mark.parametrize("worse", ["contended", "drifting", "throttled"])
def test_visits_at_another_speed_do_not_count_beside_steady_ones(worse: Grade) -> None:
    steady = visit(3.0, 0.05, "noisy")
    assert merged_visits([visit(2.5, grade=worse), steady, visit(3.5, grade=worse)]) == steady


def test_where_all_drift_they_are_merged_and_still_drifting() -> None:
    both = merged_visits([visit(3.0, grade="drifting"), visit(3.1, grade="drifting"), visit(9.0, grade="throttled")])
    assert both.grade == "drifting"
    assert both.at_speed(1.0) == pytest.approx(3.05, rel=1e-3)


def test_visits_beside_others_count_before_those_at_another_speed() -> None:
    both = merged_visits([visit(3.0, grade="contended"), visit(3.1, grade="contended"), visit(9.0, grade="drifting")])
    assert both.grade == "contended"
    assert both.at_speed(1.0) == pytest.approx(3.05, rel=1e-3)


def test_of_throttled_visits_the_surest_counts() -> None:
    assert merged_visits([visit(3.0, 0.02, "throttled"), visit(4.0, 0.01, "throttled")]) == visit(4.0, 0.01, "throttled")


def test_a_visit_that_was_far_slower_was_disturbed() -> None:
    assert merged_visits([visit(6.0, 0.001), visit(3.0, 0.1, "noisy")]) == visit(3.0, 0.1, "noisy")


visits = st.lists(st.builds(visit, st.floats(0.1, 0.14), st.floats(0.0, 0.2)), min_size=1, max_size=5)


@given(visits, st.randoms())
def test_the_order_of_visits_does_not_matter(some: list[Measurement], chance: random.Random) -> None:
    shuffled = chance.sample(some, len(some))
    assert merged_visits(shuffled).seconds == pytest.approx(merged_visits(some).seconds)


@given(visits)
def test_the_mean_lies_within_the_visits_and_its_grade_tells_its_error(some: list[Measurement]) -> None:
    found, ratios = merged_visits(some), [each.at_speed(1.0) for each in some]
    assert min(ratios) * (1 - 1e-9) <= found.at_speed(1.0) <= max(ratios) * (1 + 1e-9)
    assert math.isfinite(found.relative_error)
    assert len(some) == 1 or (found.grade == "settled") == (found.relative_error <= GOOD_ERROR)


def test_a_visit_while_the_machine_was_slow_counts_less_than_one_at_full_speed() -> None:
    """A layer that moves memory slowed more than its reference; at full speed both visits would have said 3.0."""
    both = merged_visits([visit(3.0, 0.01), visit(3.6, 0.01, reference=2.6e-3)])
    assert both.at_speed(1.0) == pytest.approx(3.02, abs=0.02)
    assert both.reference_seconds == 2e-3


def test_a_time_is_less_sure_the_further_from_the_speed_at_which_it_is_stated() -> None:
    timing = visit(3.0, 0.01, reference=2e-3)
    assert timing.error_at_speed(2e-3) == pytest.approx(0.01)
    assert 0.01 < timing.error_at_speed(1.9e-3) < timing.error_at_speed(1.5e-3) < 0.3
    assert timing.error_at_speed(4e-3) == pytest.approx(timing.error_at_speed(1e-3))


def test_without_a_speed_to_state_it_at_a_time_is_as_sure_as_it_was() -> None:
    assert visit(3.0, 0.01).error_at_speed(None) == 0.01
    assert visit(3.0, 0.01, reference=None).error_at_speed(2e-3) == 0.01
