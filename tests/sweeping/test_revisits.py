"""Points that are visited again: which, how often, and what is kept of them."""

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import pytest

from blackthorn.errors import NotMeasured
from blackthorn.layers import layer_kind
from blackthorn.records import Grade, Measurement, Probe, Range, merged_visits
from blackthorn.storage import open_sweep, read_sweep
from blackthorn.sweeping import FullSelector, SweepOutcome, SweepPlan, sweep
from tests.examples import PLAN, a_header
from tests.sweeping.deterministic_sweep import measure

EIGHT, FORTY = (SweepPlan("conv2d", {"filters": Range(1, most)}, dict(PLAN.fixed)) for most in (8, 40))


class Restless:
    """A device on which some points are unsteady at first.

    Args:
        grades: of a point's visits, one after another, by its filters; settled after these and for all others.
        slower: how many times as long the first visit of such a point takes.
    """

    def __init__(self, grades: dict[int, Sequence[Grade]], slower: float = 1.0) -> None:
        self._grades = grades
        self._slower = slower
        self.order: list[int] = []

    def __call__(self, probe: Probe) -> Measurement:
        filters = probe.dimensions["filters"]
        before, grades = self.order.count(filters), self._grades.get(filters, ())
        self.order.append(filters)
        steady = msgspec.structs.replace(measure(probe), calls=10 + before)
        if before >= len(grades):
            return steady
        seconds = steady.seconds * (self._slower if before == 0 else 1.0)
        return msgspec.structs.replace(steady, seconds=seconds, grade=grades[before], relative_error=0.02 + 0.001 * filters)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep.jsonl"


def run(
    path: Path,
    device: Callable[[Probe], Measurement],
    most_visits: int = 3,
    reference: Probe | None = None,
    plan: SweepPlan = EIGHT,
) -> SweepOutcome:
    with open_sweep(path, msgspec.structs.replace(a_header(plan), reference=reference)) as file:
        return sweep(plan, FullSelector(plan.axes), device, file, most_visits=most_visits)


def held(path: Path) -> dict[int, Measurement]:
    return {measurement.probe.dimensions["filters"]: measurement for measurement in read_sweep(path).measurements}


def test_an_unsteady_point_is_visited_again_at_the_end_and_all_visits_are_kept(path: Path) -> None:
    device = Restless({3: ["noisy"]})
    outcome = run(path, device)
    assert device.order[8:] == [3]
    assert (outcome.measured, outcome.revisits) == (8, 1)
    with open_sweep(path, a_header(EIGHT)) as file:
        visits = file.visits(EIGHT.probe_at({"filters": 3}).key)
    assert [visit.grade for visit in visits] == ["noisy", "settled"]
    assert held(path)[3] == merged_visits(visits)


def test_a_visit_that_was_far_slower_does_not_count(path: Path) -> None:
    run(path, Restless({3: ["noisy"]}, slower=9.0))
    steady = measure(EIGHT.probe_at({"filters": 3}))
    assert held(path)[3] == msgspec.structs.replace(steady, calls=11)


def test_a_point_that_stays_unsteady_is_not_visited_without_end(path: Path) -> None:
    device = Restless({3: ["noisy"] * 9})
    assert run(path, device).revisits == 2
    assert device.order[8:] == [3, 3]
    assert run(path, device) == msgspec.structs.replace(
        SweepOutcome(0, 8, (), interrupted=False, reason="enough is known"), seconds=pytest.approx(0.0, abs=10)
    )


def test_the_worst_points_are_visited_first_and_the_first_of_the_file_never(path: Path) -> None:
    device = Restless({1: ["noisy"], 3: ["drifting"], 5: ["throttled"], 7: ["noisy"], 2: ["noisy"]})
    run(path, device)
    assert device.order[8:] == [5, 7, 2, 3]


def test_settled_points_are_visited_too_where_visits_differ(path: Path) -> None:
    """What three noisy points took differed by a third from visit to visit: those that seemed settled are not believed."""
    device = Restless({3: ["noisy"], 5: ["noisy"], 7: ["noisy"]}, slower=1.4)
    run(path, device)
    assert sorted(device.order[8:11]) == [3, 5, 7]
    assert {2, 4, 6, 8} <= set(device.order[11:])
    assert device.order.count(1) == 1


def pace(filters: int) -> float:
    """Bytes that a layer moves in a second."""
    probe = FORTY.probe_at({"filters": filters})
    return layer_kind("conv2d").bytes_moved(probe.dimensions, "fp32") / measure(probe).seconds


BY_PACE = sorted(range(1, 41), key=pace)


def test_the_points_that_move_most_bytes_a_second_are_visited_to_tell_how_visits_differ(path: Path) -> None:
    device = Restless({})
    run(path, device, plan=FORTY)
    assert sorted(device.order[40:]) == sorted(BY_PACE[-4:])


def test_where_visits_differ_points_that_move_about_as_many_bytes_a_second_are_visited_too(path: Path) -> None:
    """First visits of layers that move most are a third too short; layers that move least are noisy, but alike each time."""
    seen: set[int] = set()

    def fickle(probe: Probe) -> Measurement:
        filters = probe.dimensions["filters"]
        is_first, found = filters not in seen, msgspec.structs.replace(measure(probe), calls=10 + len(seen))
        seen.add(filters)
        if is_first and filters in BY_PACE[-12:]:
            return msgspec.structs.replace(found, seconds=0.7 * found.seconds)
        return msgspec.structs.replace(found, grade="noisy") if is_first and filters in BY_PACE[:8] else found

    run(path, fickle, plan=FORTY)
    with open_sweep(path, a_header(FORTY)) as file:
        visits = {filters: len(file.visits(FORTY.probe_at({"filters": filters}).key)) for filters in BY_PACE}
    assert all(visits[filters] > 1 for filters in BY_PACE[-12:])
    assert all(visits[filters] == 1 for filters in BY_PACE[8:14])


def test_a_sweep_of_many_leaves_its_visits_to_later(path: Path) -> None:
    assert run(path, Restless({3: ["noisy"]}), most_visits=1).revisits == 0


def test_a_point_that_cannot_be_measured_again_stays_as_it_is(path: Path) -> None:
    seen: set[str] = set()

    def only_once(probe: Probe) -> Measurement:
        if probe.key in seen:
            raise NotMeasured("the profile is cut off", "try again")
        seen.add(probe.key)
        return msgspec.structs.replace(measure(probe), grade="noisy")

    outcome = run(path, only_once)
    assert (outcome.measured, outcome.revisits, outcome.skipped) == (8, 0, ())
    assert len(read_sweep(path).measurements) == 8


def test_what_a_recording_says_again_is_no_visit(path: Path) -> None:
    moments = iter(range(100))

    def later(probe: Probe) -> Measurement:
        return msgspec.structs.replace(measure(probe), grade="noisy", taken_at=f"2025-01-01T00:00:{next(moments):02}+00:00")

    outcome = run(path, later)
    assert (outcome.measured, outcome.revisits) == (8, 0)
    assert next(moments) > 8


def test_points_timed_while_the_machine_was_slow_are_visited_again(path: Path) -> None:
    seen: list[int] = []

    def slow_once(probe: Probe) -> Measurement:
        filters = probe.dimensions["filters"]
        speed = 1.3 if filters == 3 and filters not in seen else 1.0
        seen.append(filters)
        steady = msgspec.structs.replace(measure(probe), reference_seconds=1e-3, calls=len(seen))
        return msgspec.structs.replace(steady, seconds=speed * steady.seconds, reference_seconds=speed * 1e-3)

    run(path, slow_once, reference=EIGHT.probe_at({"filters": 64}))
    assert seen[8:] == [3]
