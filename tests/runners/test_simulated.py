"""A simulated device does exactly the amount of harm that it is told to."""

import math
import statistics
from typing import Any

import pytest

from blackthorn.errors import BadValue, NotMeasured
from blackthorn.formulas import Constant, Linear
from blackthorn.records import Measurement, Probe
from blackthorn.runners.simulated import HEAT_PERIOD, HOT, SimulatedRunner
from blackthorn.timing import Timer

LINE = Linear("x", Constant(1e-4), Constant(1e-6))
POINTS = [Probe("line", {"x": x}) for x in range(1, 401)]


def measured(points: list[Probe] = POINTS, **chances: Any) -> list[Measurement]:
    """Measurements of points on a fresh device."""
    with SimulatedRunner({"line": LINE}, **chances) as runner, Timer(runner, runner.reference()) as timer:
        return [timer.measure(point) for point in points]


def factors(measurements: list[Measurement]) -> list[float]:
    """By how much each is too slow."""
    return [entry.at_speed(1e-3) / float(LINE.evaluate(entry.probe.dimensions)) for entry in measurements]


def test_without_chance_it_plays_the_formula() -> None:
    assert factors(measured(POINTS[:20])) == pytest.approx([1.0] * 20, rel=1e-12)


def test_a_dimension_that_the_formula_lacks_does_not_matter() -> None:
    runner = SimulatedRunner({"line": LINE})
    assert runner.true_seconds(Probe("line", {"x": 3, "y": 9})) == runner.true_seconds(Probe("line", {"x": 3}))


def test_noise_has_the_size_it_is_told() -> None:
    logs = [math.log(factor) for factor in factors(measured(noise=0.03))]
    assert statistics.stdev(logs) == pytest.approx(0.03, rel=0.15)
    assert abs(statistics.fmean(logs)) < 0.005


def test_a_point_keeps_its_noise_in_any_order() -> None:
    forth = measured(POINTS[:30], noise=0.03, outliers=0.1)
    back = measured(POINTS[29::-1], noise=0.03, outliers=0.1)
    assert [entry.seconds for entry in forth] == [entry.seconds for entry in reversed(back)]


def test_another_seed_is_another_chance() -> None:
    assert factors(measured(POINTS[:5], noise=0.03)) != factors(measured(POINTS[:5], noise=0.03, seed=1))


def test_chances_are_the_same_on_every_computer() -> None:
    """The value stands here, so that a change of the hash, which would change every test built on it, is noticed."""
    assert factors(measured(POINTS[:1], noise=0.03)) == pytest.approx([1.026161002598467], rel=1e-9)


def test_outliers_are_as_frequent_and_as_slow_as_told() -> None:
    found = [factor for factor in factors(measured(outliers=0.1, outlier_factor=(2.0, 4.0))) if factor > 1.01]
    assert len(found) == pytest.approx(40, abs=18)
    assert min(found) >= 2.0
    assert max(found) <= 4.0


def test_drift_moves_the_reference_and_dividing_by_it_takes_the_drift_out() -> None:
    with SimulatedRunner({"line": LINE}, drift=0.2) as runner:
        taken = []
        with runner.load(runner.reference()) as loaded:
            taken = [loaded.call() for _ in range(600)]
    assert max(taken) / min(taken) == pytest.approx(1.2 / 0.8, rel=0.01)
    assert factors(measured(POINTS[:40], drift=0.2)) == pytest.approx([1.0] * 40, rel=0.01)


def test_without_drift_it_has_no_reference() -> None:
    assert SimulatedRunner({"line": LINE}, noise=0.1).reference() is None
    assert measured(POINTS[:1])[0].reference_seconds is None


def test_jitter_moves_calls_and_not_the_point() -> None:
    with SimulatedRunner({"line": LINE}, jitter=0.1) as runner, runner.load(POINTS[0]) as loaded:
        calls = [loaded.call() for _ in range(500)]
    assert statistics.stdev(calls) / statistics.fmean(calls) == pytest.approx(0.1, rel=0.2)
    assert factors(measured(POINTS[:10], jitter=0.1)) == pytest.approx([1.0] * 10, rel=0.05)


def test_a_simulated_second_takes_no_time() -> None:
    with SimulatedRunner({"slow": Constant(3600.0)}) as runner, Timer(runner, runner.reference()) as timer:
        assert timer.measure(Probe("slow", {})).seconds == 3600.0
        assert runner.clock() >= 3 * 3600.0


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(NotMeasured, match="has no formula for"):
        SimulatedRunner({"line": LINE}).load(Probe("lime", {"x": 1}))


def test_a_formula_that_needs_more_dimensions_is_refused() -> None:
    with pytest.raises(BadValue, match="names 'x', which line fp32 y=1 lacks"):
        SimulatedRunner({"line": LINE}).load(Probe("line", {"y": 1}))


@pytest.mark.parametrize("value", [0.0, -1.0, math.inf, math.nan])
def test_a_time_that_cannot_be_is_refused(value: float) -> None:
    with pytest.raises(BadValue, match="positive everywhere"):
        SimulatedRunner({"line": Constant(value)}).load(Probe("line", {}))


@pytest.mark.parametrize("name", ["noise", "jitter", "outliers", "drift", "heat"])
@pytest.mark.parametrize("value", [-0.1, 1.0, math.nan])
def test_an_amount_of_chance_that_cannot_be_is_refused(name: str, value: float) -> None:
    with pytest.raises(BadValue, match=f"{name}="):
        SimulatedRunner({"line": LINE}, **{name: value})


def test_its_device_tells_formulas_and_chances() -> None:
    device = SimulatedRunner({"line": LINE}, noise=0.02, seed=3, title="nano").device()
    assert device.name == "simulated-nano"
    assert device.details["noise"] == "0.02"
    assert device.details["seed"] == "3"
    assert device.details["formula of line"] == LINE.text()


def test_a_hot_device_is_slower_and_says_so_once() -> None:
    runner = SimulatedRunner({"line": LINE}, heat=0.25)
    with runner, runner.load(Probe("line", {"x": 1})) as loaded:
        cool = [loaded.call() for _ in range(HEAT_PERIOD * 3 // 4)]
        assert runner.throttled_by() == ()
        hot = loaded.call()
        assert runner.throttled_by() == ("heat",)
        assert runner.throttled_by() == ()
    assert set(cool) == {hot / HOT}
