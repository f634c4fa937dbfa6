"""Ctrl-C during a sweep: the first ends it after the point in hand, the second at once."""

import os
import signal
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec
import pytest

from blackthorn.errors import NotMeasured
from blackthorn.records import Measurement, Probe, Range
from blackthorn.storage import open_sweep
from blackthorn.sweeping import FullSelector, SweepOutcome, interrupt_noticed, sweep
from tests.examples import PLAN, a_header
from tests.storage.sweep_files import filters_in
from tests.sweeping.deterministic_sweep import measure

EIGHT = msgspec.structs.replace(PLAN, axes={"filters": Range(1, 8)})


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "sweep.jsonl"


def run(path: Path, device: Callable[[Probe], Measurement] = measure) -> SweepOutcome:
    with open_sweep(path, a_header(EIGHT)) as file:
        return sweep(EIGHT, FullSelector(EIGHT.axes), device, file)


@pytest.fixture
def handler() -> Iterator[Callable[..., None]]:
    """What handles Ctrl-C before the sweep, and has to do so again after it; told from Python's own handler."""

    def own(*_: object) -> None:
        raise AssertionError("the sweep does not handle Ctrl-C")

    before = signal.signal(signal.SIGINT, own)
    yield own
    signal.signal(signal.SIGINT, before)


def press_ctrl_c() -> None:
    os.kill(os.getpid(), signal.SIGINT)


def test_ctrl_c_ends_the_sweep_after_the_point_in_hand(path: Path, handler: Callable[..., None]) -> None:
    def interrupted_at_three(probe: Probe) -> Measurement:
        if probe.dimensions["filters"] == 3:
            press_ctrl_c()
        return measure(probe)

    outcome = run(path, device=interrupted_at_three)
    expected = SweepOutcome(measured=3, known=0, skipped=(), interrupted=True, reason="it was interrupted")
    assert msgspec.structs.replace(outcome, seconds=0.0) == expected
    assert filters_in(path) == [1, 5, 3]
    assert signal.getsignal(signal.SIGINT) is handler
    assert run(path).measured == 5


def test_ctrl_c_at_a_point_that_fails_is_no_error(path: Path) -> None:
    def interrupted(probe: Probe) -> Measurement:
        press_ctrl_c()
        raise NotMeasured("there is no such point", "take another one")

    outcome = run(path, device=interrupted)
    assert outcome.interrupted
    assert outcome.skipped == ({"filters": 1},)


def test_a_second_ctrl_c_ends_it_at_once(path: Path, handler: Callable[..., None]) -> None:
    def impatient(probe: Probe) -> Measurement:
        press_ctrl_c()
        press_ctrl_c()
        return measure(probe)

    with pytest.raises(KeyboardInterrupt):
        run(path, device=impatient)
    assert filters_in(path) == []
    assert signal.getsignal(signal.SIGINT) is handler


def test_interrupts_that_are_ignored_stay_ignored() -> None:
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with interrupt_noticed() as pressed:
            press_ctrl_c()
            assert not pressed()
            assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_sweep_runs_outside_the_main_thread_too(path: Path) -> None:
    outcomes: list[SweepOutcome] = []
    thread = threading.Thread(target=lambda: outcomes.append(run(path)))
    thread.start()
    thread.join()
    assert [outcome.measured for outcome in outcomes] == [8]
