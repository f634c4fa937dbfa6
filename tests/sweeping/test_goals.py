"""What ends a sweep early, and what a smaller error would cost."""

from pathlib import Path

import msgspec
import pytest

from blackthorn.records import Sweep
from blackthorn.storage import open_sweep, read_sweep
from blackthorn.sweeping import ALL, Goal, SweepOutcome, forecast, goals, sweep
from blackthorn.sweeping.goals import CHECKED_EVERY, FEWEST_POINTS, is_due, left_out_error
from tests.examples import PLAN, a_header, a_measurement
from tests.sweeping.deterministic_sweep import LONG, make_selector, measure


def run(path: Path, goal: Goal) -> SweepOutcome:
    with open_sweep(path, a_header(LONG)) as file:
        return sweep(LONG, make_selector(LONG), measure, file, goal=goal)


def of_points(count: int) -> Sweep:
    return Sweep(a_header(PLAN), tuple(a_measurement(filters) for filters in range(1, count + 1)))


def test_a_sweep_ends_once_its_error_is_as_small_as_wanted(tmp_path: Path) -> None:
    outcome = run(tmp_path / "wide.jsonl", Goal(error=20.0))
    assert FEWEST_POINTS <= outcome.measured < LONG.limit
    assert "20 % was wanted" in outcome.reason
    assert left_out_error(read_sweep(tmp_path / "wide.jsonl")) <= 20.0


def test_a_goal_that_is_out_of_reach_leaves_the_sweep_as_it_is(tmp_path: Path) -> None:
    outcome = run(tmp_path / "far.jsonl", Goal(error=1e-6))
    run(tmp_path / "whole.jsonl", ALL)
    assert "wanted" not in outcome.reason
    assert read_sweep(tmp_path / "far.jsonl") == read_sweep(tmp_path / "whole.jsonl")


def test_a_goal_that_was_reached_asks_for_nothing_the_next_time(tmp_path: Path) -> None:
    run(tmp_path / "wide.jsonl", Goal(error=20.0))
    assert run(tmp_path / "wide.jsonl", Goal(error=20.0)).measured == 0


def test_a_sweep_ends_when_its_time_is_over(tmp_path: Path) -> None:
    outcome = run(tmp_path / "short.jsonl", Goal(seconds=1e-9))
    assert outcome.measured == 0
    assert outcome.reason == "the time of 0 s is over"


def test_a_sweep_made_in_parts_is_the_same_in_the_end(tmp_path: Path) -> None:
    first = run(tmp_path / "parts.jsonl", Goal(points=7))
    assert first.measured == 7
    assert first.reason == "7 points are enough for now"
    both = run(tmp_path / "parts.jsonl", ALL).after(first)
    whole = run(tmp_path / "whole.jsonl", ALL)
    assert both.seconds > first.seconds
    assert msgspec.structs.replace(both, seconds=whole.seconds) == whole
    assert read_sweep(tmp_path / "parts.jsonl") == read_sweep(tmp_path / "whole.jsonl")


def test_errors_are_worked_out_now_and_then() -> None:
    assert not is_due(FEWEST_POINTS - 1, 0)
    assert is_due(FEWEST_POINTS, 0)
    assert not is_due(10 * CHECKED_EVERY + 9, 10 * CHECKED_EVERY)
    assert is_due(12 * CHECKED_EVERY, 10 * CHECKED_EVERY)


@pytest.mark.parametrize(("points", "error", "more"), [(60, 4.0, 180), (60, 3.0, 180), (100, 10.0, 57)])
def test_errors_go_on_falling_as_they_fell(monkeypatch: pytest.MonkeyPatch, points: int, error: float, more: int) -> None:
    monkeypatch.setattr(goals, "left_out_error", lambda sweep: error * (points / len(sweep.measurements)) ** 0.5)
    told = forecast(of_points(points))
    assert told is not None
    assert told.error == pytest.approx(max(error - 2.0, error / 2.0))
    assert told.points == pytest.approx(more, abs=1)


@pytest.mark.parametrize("fall", [0.05, 0.0, -0.5])
def test_where_errors_hardly_fall_more_points_are_not_advised(monkeypatch: pytest.MonkeyPatch, fall: float) -> None:
    monkeypatch.setattr(goals, "left_out_error", lambda sweep: 5.0 * (60 / len(sweep.measurements)) ** fall)
    assert forecast(of_points(60)) is None


def test_an_error_that_is_small_already_needs_no_remedy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(goals, "left_out_error", lambda sweep: 0.5 * (60 / len(sweep.measurements)) ** 0.5)
    assert forecast(of_points(60)) is None


def test_of_few_points_nothing_is_foretold() -> None:
    assert forecast(of_points(2 * FEWEST_POINTS - 2)) is None
