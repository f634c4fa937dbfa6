"""Contests: what is held out is held out, points count in the order in which they were measured, and errors are those."""

import math

import pytest

from blackthorn.comparison import EVERY_KIND, Entry, best_of, contests, entries, overall, standings
from blackthorn.errors import BadValue, NotMeasured
from blackthorn.records import Measurement
from blackthorn.rivals import RIVALS, TimedLayers
from tests.rivals.made_up import line_of_filters, made_sweep, nested, scattered

ROOFLINE, PUBLISHED, TODAY = RIVALS["roofline"], RIVALS["blackthorn-2021"], RIVALS["blackthorn"]
DOWNWARDS = made_sweep(nested, line_of_filters(range(300, 0, -10)))


def keys(layers: TimedLayers) -> list[str]:
    return [measurement.probe.key for measurement in layers.group.measurements]


def taken(measurements: tuple[Measurement, ...]) -> list[str]:
    return [measurement.probe.key for measurement in measurements]


def an_entry(rival: str, layer: str, errors: tuple[float, ...], most_points: int = 20, held_out: int = 2) -> Entry:
    refusal = None if errors else "no"
    return Entry(rival, layer, "fp32", {}, most_points, most_points, held_out, errors, refusal)


def test_a_third_is_held_out_and_the_rest_counts_in_the_order_of_the_sweep() -> None:
    (contest,) = contests([DOWNWARDS], [], seed=0)
    held, order = keys(contest.held_out), keys(contest.training)
    assert len(held) == 10
    assert not set(held) & set(order)
    assert order == [key for key in taken(DOWNWARDS.measurements) if key not in held]


def test_the_seed_decides_what_is_held_out() -> None:
    held = [keys(contests([DOWNWARDS], [], seed)[0].held_out) for seed in (0, 0, 1)]
    assert held[0] == held[1] != held[2]


def test_a_shuffled_order_is_another_one_of_the_same_points() -> None:
    (ordered,), (shuffled,) = (contests([DOWNWARDS], [], 0, shuffled=shuffled) for shuffled in (False, True))
    assert keys(ordered.held_out) == keys(shuffled.held_out)
    assert keys(ordered.training) != keys(shuffled.training)
    assert sorted(keys(ordered.training)) == sorted(keys(shuffled.training))


def test_layers_of_other_sweeps_are_held_out_even_where_both_hold_them() -> None:
    tests = made_sweep(nested, line_of_filters((290, 291, 292)))
    (contest,) = contests([DOWNWARDS], [tests], seed=0)
    assert sorted(keys(contest.held_out)) == sorted(taken(tests.measurements))
    assert len(contest.training) == 29


def test_sweeps_of_one_class_advance_side_by_side() -> None:
    other = made_sweep(nested, line_of_filters(range(1005, 1000, -1)))
    (contest,) = contests([DOWNWARDS, other], [made_sweep(nested, line_of_filters((500, 501)))], seed=0)
    first = set(keys(contest.training)[:7])
    assert first & set(taken(DOWNWARDS.measurements))
    assert first & set(taken(other.measurements))


def test_a_class_with_too_few_points_is_refused() -> None:
    with pytest.raises(NotMeasured, match="no class of layers has 3 points"):
        contests([made_sweep(nested, line_of_filters((1, 2, 3)))], [], seed=0)


def test_every_model_gets_the_first_points_and_no_more_than_there_are() -> None:
    found = list(entries(contests([DOWNWARDS], [], 0), [ROOFLINE, TODAY], (6, 12, 50, 100)))
    assert [(entry.rival, entry.most_points, entry.points) for entry in found] == [
        (name, *points) for name in ("roofline", "blackthorn") for points in ((6, 6), (12, 12), (50, 20))
    ]
    assert all(len(entry.errors) == entry.held_out == 10 for entry in found)
    assert max(map(abs, found[-1].errors)) < 1e-6


def test_a_model_that_cannot_be_fitted_says_why_and_has_no_errors() -> None:
    (found,) = entries(contests([made_sweep(nested, scattered(30))], [], 0), [PUBLISHED], (20,))
    assert found.errors == ()
    assert found.refusal is not None
    (standing,) = standings([found])
    assert (standing.rmspe, standing.median, standing.predicted, standing.is_whole) == (None, None, 0, False)
    assert best_of([standing]) is None


@pytest.mark.parametrize("counts", [(), (2, 20)])
def test_numbers_of_points_that_cannot_be_are_refused(counts: tuple[int, ...]) -> None:
    with pytest.raises(BadValue, match="give 3 or more"):
        list(entries(contests([DOWNWARDS], [], 0), [ROOFLINE], counts))


def test_errors_of_the_classes_of_a_kind_count_together() -> None:
    found = standings(
        [an_entry("a", "conv2d", (0.1, -0.2)), an_entry("a", "conv2d", (0.3, 0.0)), an_entry("a", "relu", (1.0,))]
    )
    assert [(standing.layer, standing.held_out, standing.predicted) for standing in found] == [("conv2d", 4, 4), ("relu", 2, 1)]
    assert found[0].rmspe == pytest.approx(100 * math.sqrt((0.01 + 0.04 + 0.09) / 4))
    assert found[0].median == pytest.approx(15.0)


def test_the_best_is_the_least_of_those_that_predicted_all() -> None:
    found = standings(
        [an_entry(name, "relu", errors) for name, errors in (("a", (0.0,)), ("b", (0.2, 0.2)), ("c", (0.3, 0.1)))]
    )
    best = best_of(found)
    assert best is not None
    assert best.rival == "b"


def test_a_class_without_so_many_points_counts_with_the_most_that_it_has() -> None:
    found = overall(
        [an_entry("a", "relu", (0.1, 0.1)), an_entry("a", "conv2d", (0.5, 0.5)), an_entry("a", "conv2d", (0.3, 0.3), 60)]
    )
    assert [(standing.layer, standing.most_points, standing.held_out) for standing in found] == [
        (EVERY_KIND, 20, 4),
        (EVERY_KIND, 60, 4),
    ]
    assert found[1].rmspe == pytest.approx(100 * math.sqrt((0.01 + 0.09) / 2))
