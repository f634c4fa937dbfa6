"""The loop: what it asks, measures, keeps, tells and skips, and how it ends."""

import logging
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest

from blackthorn.errors import BadValue, CannotWrite, MissingPackage, NotMeasured
from blackthorn.records import Measurement, Probe, Range
from blackthorn.selection import AxisPoint, Progress
from blackthorn.storage import SweepFile, open_sweep, read_sweep
from blackthorn.sweeping import FullSelector, SweepOutcome, SweepPlan, known_points, sweep
from tests.examples import PLAN, a_header, a_measurement
from tests.storage.sweep_files import filters_in
from tests.sweeping.deterministic_sweep import measure

EIGHT = SweepPlan("conv2d", {"filters": Range(1, 8)}, dict(PLAN.fixed))


class Told(FullSelector):
    """A full selector that remembers what it was told and made to skip."""

    def __init__(self, plan: SweepPlan) -> None:
        super().__init__(plan.axes)
        self.heard: list[tuple[int, float, float]] = []
        self.refused: list[int] = []

    def tell(self, point: AxisPoint, seconds: float, relative_error: float) -> None:
        self.heard.append((point["filters"], seconds, relative_error))
        super().tell(point, seconds, relative_error)

    def skip(self, point: AxisPoint) -> None:
        self.refused.append(point["filters"])
        super().skip(point)


class Stubborn:
    """Asks for the same points, whatever it is told, until it is made to skip them."""

    def __init__(self, *filters: int) -> None:
        self._left = list(filters)
        self.heard: list[int] = []

    def ask(self) -> AxisPoint | None:
        return {"filters": self._left[0]} if self._left else None

    def tell(self, point: AxisPoint, seconds: float, relative_error: float) -> None:
        self.heard.append(point["filters"])

    def skip(self, point: AxisPoint) -> None:
        self._left.remove(point["filters"])

    def progress(self) -> Progress:
        return Progress(0, 0, "", None)


class Failing:
    """A device on which some points cannot be measured."""

    def __init__(self, *filters: int, error: Exception | None = None) -> None:
        self._filters = filters
        self._error = error or NotMeasured("there is no such point", "take another one")
        self.calls: list[int] = []

    def __call__(self, probe: Probe) -> Measurement:
        self.calls.append(probe.dimensions["filters"])
        if probe.dimensions["filters"] in self._filters:
            raise self._error
        return measure(probe)


def run(
    path: Path,
    plan: SweepPlan = EIGHT,
    selector: object = None,
    device: Callable[..., Measurement] = measure,
    **options: Any,
) -> SweepOutcome:
    with open_sweep(path, a_header(plan)) as file:
        return sweep(plan, selector or Told(plan), device, file, **options)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep.jsonl"


def test_every_point_asked_is_measured_and_kept(path: Path) -> None:
    outcome = run(path)
    assert outcome.seconds > 0.0
    expected = SweepOutcome(measured=8, known=0, skipped=(), interrupted=False, reason="enough is known")
    assert msgspec.structs.replace(outcome, seconds=0.0) == expected
    assert filters_in(path) == [1, 5, 3, 7, 2, 6, 4, 8]
    assert all(measurement == measure(measurement.probe) for measurement in read_sweep(path).measurements)


def test_a_measurement_is_on_the_disk_before_the_selector_hears_of_it(path: Path) -> None:
    class Checking(Told):
        def tell(self, point: AxisPoint, seconds: float, relative_error: float) -> None:
            assert filters_in(path)[-1] == point["filters"]
            super().tell(point, seconds, relative_error)

    selector = Checking(EIGHT)
    run(path, selector=selector)
    assert len(selector.heard) == 8


def test_what_is_known_is_told_and_not_measured_again(path: Path) -> None:
    limited = msgspec.structs.replace(EIGHT, limit=5)
    first, second, device = Told(EIGHT), Told(EIGHT), Failing()
    assert run(path, limited, first).reason == "the limit of 5 points is reached"
    outcome = run(path, selector=second, device=device)
    assert (outcome.measured, outcome.known) == (3, 5)
    assert device.calls == [6, 4, 8]
    assert [filters for filters, _, _ in second.heard] == filters_in(path)


def test_a_resumed_sweep_tells_the_same_numbers_as_one_in_one_go(path: Path, tmp_path: Path) -> None:
    whole = Told(EIGHT)
    run(tmp_path / "whole.jsonl", selector=whole)
    for limit in (1, 2, 5, 8):
        resumed = Told(EIGHT)
        run(path, msgspec.structs.replace(EIGHT, limit=limit), resumed)
        assert resumed.heard == whole.heard[:limit]
    assert len({seconds / measure(EIGHT.probe_at({"filters": filters})).seconds for filters, seconds, _ in whole.heard}) > 1


def test_seconds_are_told_at_the_speed_of_the_files_first_measurement(path: Path) -> None:
    selector = Told(EIGHT)
    run(path, selector=selector)
    measurements = read_sweep(path).measurements
    nominal = measurements[0].reference_seconds
    assert [seconds for _, seconds, _ in selector.heard] == [measurement.at_speed(nominal) for measurement in measurements]
    assert selector.heard[0][1:] == (measurements[0].seconds, measurements[0].relative_error)


def test_without_a_reference_seconds_are_told_as_they_are(path: Path) -> None:
    selector = Told(EIGHT)
    run(path, selector=selector, device=lambda probe: msgspec.structs.replace(measure(probe), reference_seconds=None))
    assert [seconds for _, seconds, _ in selector.heard] == [m.seconds for m in read_sweep(path).measurements]


def test_points_off_the_grid_are_kept_but_not_told(path: Path) -> None:
    with open_sweep(path, a_header()) as file:
        for filters in (40, 3, 2):
            file.append(a_measurement(filters))
    odd = msgspec.structs.replace(EIGHT, axes={"filters": Range(1, 8, 2)})
    selector = Told(odd)
    outcome = run(path, odd, selector)
    assert (outcome.known, outcome.measured) == (1, 3)
    assert selector.heard[0][0] == 3
    assert sorted(filters_in(path)) == [1, 2, 3, 5, 7, 40]


def test_known_points_are_those_on_the_plans_grid() -> None:
    measurements = list(map(a_measurement, (3, 9, 1, 64)))
    assert known_points(PLAN, measurements) == {(m.probe.dimensions["filters"],): m for m in measurements}
    assert list(known_points(EIGHT, measurements)) == [(3,), (1,)]
    assert known_points(msgspec.structs.replace(EIGHT, precision="fp16"), measurements) == {}


def test_a_point_that_cannot_be_measured_is_skipped_and_logged(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    device, selector = Failing(5, 7), Told(EIGHT)
    with caplog.at_level(logging.WARNING):
        outcome = run(path, selector=selector, device=device)
    assert outcome.skipped == ({"filters": 5}, {"filters": 7})
    assert selector.refused == [5, 7]
    assert (outcome.measured, len(device.calls)) == (6, 8)
    assert filters_in(path) == [1, 3, 2, 6, 4, 8]
    assert "skipped filters=5: there is no such point; take another one." in caplog.text


def test_a_skipped_point_is_tried_again_in_the_next_run(path: Path) -> None:
    run(path, device=Failing(5))
    assert run(path).measured == 1
    assert sorted(filters_in(path)) == list(range(1, 9))


def test_what_an_earlier_run_skipped_need_not_be_tried_again(path: Path) -> None:
    earlier = run(path, device=Failing(5))
    later = run(path, skipped=earlier.skipped)
    assert (later.measured, later.skipped) == (0, ())
    assert later.after(earlier).skipped == earlier.skipped
    assert sorted(filters_in(path)) == [1, 2, 3, 4, 6, 7, 8]


def test_a_point_that_no_layer_has_is_skipped(path: Path) -> None:
    plan = SweepPlan("conv2d", {"groups": Range(1, 8)}, {"filters": 16, "channels": 8})
    plan.check()
    with open_sweep(path, a_header(plan)) as file:
        outcome = sweep(plan, FullSelector(plan.axes), measure, file)
    assert outcome.measured == 4
    assert sorted(point["groups"] for point in outcome.skipped) == [3, 5, 6, 7]


def test_a_time_that_cannot_be_is_not_kept(path: Path) -> None:
    def zero_at_three(probe: Probe) -> Measurement:
        whole = measure(probe)
        return msgspec.structs.replace(whole, seconds=0.0) if probe.dimensions["filters"] == 3 else whole

    outcome = run(path, device=zero_at_three)
    assert outcome.skipped == ({"filters": 3},)
    assert sorted(filters_in(path)) == [1, 2, 4, 5, 6, 7, 8]


def test_where_nothing_can_be_measured_the_first_reason_is_raised(path: Path) -> None:
    with pytest.raises(NotMeasured, match="there is no such point"):
        run(path, device=Failing(*range(1, 9)))
    with open_sweep(path, a_header(EIGHT)) as file:
        file.append(a_measurement(2))
    assert len(run(path, device=Failing(*range(1, 9))).skipped) == 7


@pytest.mark.parametrize("error", [MissingPackage("tensorrt", "blackthorn[tensorrt]", "the runner"), RuntimeError("broken")])
def test_a_device_that_fails_ends_the_sweep_and_keeps_what_is_measured(path: Path, error: Exception) -> None:
    with pytest.raises(type(error)):
        run(path, device=Failing(3, error=error))
    assert filters_in(path) == [1, 5]


def test_a_file_that_cannot_be_written_ends_the_sweep(path: Path) -> None:
    class Full(SweepFile):
        def append(self, measurement: Measurement) -> None:
            raise CannotWrite("the disk is full", "free some space")

    with open_sweep(path, a_header(EIGHT)) as file:
        file.__class__ = Full
        with pytest.raises(CannotWrite):
            sweep(EIGHT, Told(EIGHT), measure, file)


def test_a_selector_that_asks_for_what_it_knows_does_not_hang_the_sweep(path: Path) -> None:
    device = Failing()
    outcome = run(path, selector=Stubborn(3, 4), device=device)
    assert device.calls == [3, 4]
    assert outcome.measured == 2


def test_a_point_beyond_the_grid_that_the_file_holds_is_told_and_not_measured(path: Path) -> None:
    with open_sweep(path, a_header()) as file:
        file.append(a_measurement(40))
    device, selector = Failing(), Stubborn(40, 2)
    outcome = run(path, selector=selector, device=device)
    assert (outcome.measured, device.calls) == (1, [2])
    assert selector.heard == [40, 2]


def test_every_new_point_is_reported_with_the_progress(path: Path) -> None:
    run(path, msgspec.structs.replace(EIGHT, limit=3))
    seen: list[tuple[int, int]] = []
    with open_sweep(path, a_header(EIGHT)) as file:
        sweep(EIGHT, Told(EIGHT), Failing(4), file, lambda p, m: seen.append((p.points, m.probe.dimensions["filters"])))
    assert seen == [(4, 7), (5, 2), (6, 6), (7, 8)]


def test_the_device_of_these_tests_is_deterministic_and_drifts() -> None:
    one, other = (measure(EIGHT.probe_at({"filters": filters})) for filters in (1, 2))
    assert one == measure(one.probe)
    assert one.reference_seconds != other.reference_seconds
    assert math.isclose(one.at_speed(1e-3), other.at_speed(1e-3), rel_tol=0.05)


def test_an_unfit_plan_does_not_begin(path: Path) -> None:
    with pytest.raises(BadValue, match="groups=4"):
        a_header(SweepPlan("conv2d", {"filters": Range(1, 8)}, {"groups": 4}))
