"""A recording gives what it holds, and says clearly what it does not."""

import msgspec
import pytest

from blackthorn.errors import BadValue, NotMeasured, WrongDevice
from blackthorn.records import Probe
from blackthorn.runners.recorded import RecordedRunner
from blackthorn.timing import Timer
from tests.runners.makers import DEVICE, a_measurement, a_sweep, conv2d

HELD = [a_measurement(conv2d(filters=filters), filters * 1e-4) for filters in (16, 32, 64)]


def test_a_timer_gets_what_was_recorded() -> None:
    with RecordedRunner(a_sweep(*HELD)) as runner, Timer(runner, runner.reference()) as timer:
        assert [timer.measure(entry.probe) for entry in HELD] == HELD


def test_several_sweeps_are_one_recording() -> None:
    runner = RecordedRunner(a_sweep(HELD[0]), a_sweep(HELD[1]))
    assert [runner.recall(entry.probe) for entry in HELD[:2]] == HELD[:2]


def test_a_point_measured_again_replaces_the_earlier_one() -> None:
    again = a_measurement(HELD[0].probe, 7.0)
    assert RecordedRunner(a_sweep(HELD[0], again)).recall(HELD[0].probe) == again


def test_its_device_is_the_recorded_one() -> None:
    assert RecordedRunner(a_sweep(*HELD)).device() == DEVICE


def test_a_missing_point_is_named_with_the_nearest_on_its_axis() -> None:
    with pytest.raises(NotMeasured) as caught:
        RecordedRunner(a_sweep(*HELD)).recall(conv2d(filters=60))
    message = str(caught.value)
    assert "conv2d fp32" in message
    assert "filters=60" in message
    assert "it holds the same with filters=64)" in message
    assert message.endswith("; measure it on the device, or choose a point that is recorded.")


def test_the_nearest_differs_in_as_few_dimensions_as_can_be() -> None:
    sweep = a_sweep(a_measurement(conv2d(filters=1024)), a_measurement(conv2d(filters=60, channels=9)))
    with pytest.raises(NotMeasured, match=r"with filters=1024\)"):
        RecordedRunner(sweep).recall(conv2d(filters=61))


def test_without_a_point_of_its_kind_none_is_named() -> None:
    with pytest.raises(NotMeasured, match=r"does not hold pool fp32 size=2; "):
        RecordedRunner(a_sweep(*HELD)).recall(Probe("pool", {"size": 2}))


def test_another_precision_is_another_point() -> None:
    half = msgspec.structs.replace(HELD[0].probe, precision="fp16")
    with pytest.raises(NotMeasured, match="fp16"):
        RecordedRunner(a_sweep(*HELD)).recall(half)


def test_sweeps_of_two_devices_are_refused() -> None:
    other = msgspec.structs.replace(DEVICE, name="another-board")
    with pytest.raises(WrongDevice, match="another-board, board-runner-1t"):
        RecordedRunner(a_sweep(HELD[0]), a_sweep(HELD[1], device=other))


def test_no_sweep_is_refused() -> None:
    with pytest.raises(BadValue, match="no sweep"):
        RecordedRunner()
