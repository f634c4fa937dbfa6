"""The driver's graph functions, played: which are called, with what, and what is let go when one fails."""

import ctypes
from typing import Any

import pytest

from blackthorn.errors import NotMeasured
from blackthorn.runners.cuda_graph import RecordedWork

STREAM = 0x70
ORDER = ["cuStreamBeginCapture_v2", "enqueue", "cuStreamEndCapture", "cuGraphInstantiateWithFlags", "cuGraphDestroy"]


class PlayedDriver:
    """A driver whose functions note that they were called; one of them may fail."""

    def __init__(self, failing: str = "") -> None:
        self.failing = failing
        self.called: list[str] = []

    def __getattr__(self, name: str) -> Any:
        def function(*arguments: Any) -> int:
            self.called.append(name)
            if name == self.failing:
                return 900
            for argument in arguments:
                if not isinstance(argument, int | ctypes._SimpleCData):  # where the driver puts a handle
                    argument._obj.value = len(self.called)
            return 0

        return function


def recorded(driver: PlayedDriver) -> RecordedWork:
    return RecordedWork(lambda stream: driver.called.append("enqueue"), STREAM, driver)


def test_work_is_recorded_once_and_launched_often() -> None:
    driver = PlayedDriver()
    work = recorded(driver)
    assert driver.called == ORDER
    for _ in range(2):
        work.enqueue(STREAM)
    work.close()
    work.close()
    assert driver.called[len(ORDER) :] == ["cuGraphLaunch", "cuGraphLaunch", "cuGraphExecDestroy"]


@pytest.mark.parametrize("failing", [name for name in ORDER if name != "enqueue"])
def test_what_fails_is_named(failing: str) -> None:
    with pytest.raises(NotMeasured, match=rf"\({failing} gave error 900\); leave out --cuda-graph"):
        recorded(PlayedDriver(failing))


def test_recording_ends_where_the_work_fails() -> None:
    driver = PlayedDriver()

    def fail(stream: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        RecordedWork(fail, STREAM, driver)
    assert driver.called == ["cuStreamBeginCapture_v2", "cuStreamEndCapture", "cuGraphDestroy"]
