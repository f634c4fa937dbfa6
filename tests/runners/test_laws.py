"""What holds for every runner."""

import math

import pytest

from blackthorn.errors import NotMeasured
from blackthorn.runners import CallTimes, Runner, runner_class, runner_classes
from blackthorn.timing import Timer
from tests.runners.makers import MAKERS, QUICK, SMALL

CALLED = ("onnxruntime", "simulated", "tensorrt", "tensorrt_rtx", "trtexec")
"""The runners that call a probe, where a recording only recalls it."""


pytestmark = pytest.mark.usefixtures("nvidia")  # a GPU is played


@pytest.fixture(params=sorted(MAKERS))
def runner(request: pytest.FixtureRequest) -> Runner:
    return MAKERS[request.param]()


@pytest.fixture(params=CALLED)
def called(request: pytest.FixtureRequest) -> Runner:
    return MAKERS[request.param]()


def test_every_built_in_runner_is_under_these_laws() -> None:
    assert {name for name, kind in runner_classes().items() if kind.__module__.startswith("blackthorn.")} == set(MAKERS)


def test_it_is_found_by_its_name(runner: Runner) -> None:
    assert runner_class(runner.name) is type(runner)


def test_it_tells_what_it_is_in_one_line(runner: Runner) -> None:
    assert runner.summary
    assert "\n" not in runner.summary


def test_it_lacks_nothing_here(runner: Runner) -> None:
    assert runner.lacks() is None


def test_its_device_stays_the_same(runner: Runner) -> None:
    assert runner.device().name == runner.device().name
    assert runner.device().threads >= 1


def test_its_device_can_name_a_folder(runner: Runner) -> None:
    assert set(runner.device().name) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


def test_closing_it_twice_is_harmless(runner: Runner) -> None:
    with runner:
        pass
    runner.close()


def test_its_clock_never_goes_back(runner: Runner) -> None:
    times = [runner.clock() for _ in range(5)]
    assert times == sorted(times)


def test_a_timer_gets_a_measurement_of_the_very_probe(runner: Runner) -> None:
    with runner, Timer(runner, runner.reference(), QUICK) as timer:
        measurement = timer.measure(SMALL)
    assert measurement.probe == SMALL
    assert 0 < measurement.seconds < math.inf
    assert 0 < measurement.wall_seconds < math.inf
    assert measurement.relative_error >= 0
    assert measurement.calls >= 1


def test_only_a_recording_recalls(runner: Runner) -> None:
    assert (runner.recall(SMALL) is not None) == (runner.name == "recorded")


def test_every_call_is_in_the_times(called: Runner) -> None:
    with called, called.load(SMALL) as loaded:
        returned = [loaded.call() for _ in range(7)]
        times = loaded.finish()
    assert list(times.wall) == returned
    assert len(times.kernel) == 7
    assert min(*times.wall, *times.kernel) > 0


def test_its_clock_runs_on_while_probes_are_called(called: Runner) -> None:
    with called, called.load(SMALL) as loaded:
        begin = called.clock()
        loaded.call()
        assert called.clock() > begin


def test_a_probe_without_a_profile_can_be_called(called: Runner) -> None:
    with called, called.load(SMALL, profiled=False) as loaded:
        assert all(loaded.call() > 0 for _ in range(50))
        assert loaded.finish() == CallTimes((), ())


def test_closing_a_probe_twice_is_harmless(called: Runner) -> None:
    with called, called.load(SMALL) as loaded:
        loaded.call()
    loaded.close()


def test_its_reference_can_be_loaded(called: Runner) -> None:
    reference = called.reference()
    if reference is None:
        pytest.skip("nothing can be timed between two of its calls")
    with called, called.load(reference, profiled=False) as loaded:
        assert loaded.call() > 0


def test_a_recording_cannot_be_called() -> None:
    with pytest.raises(NotMeasured, match="does not hold"):
        MAKERS["recorded"]().load(SMALL)
