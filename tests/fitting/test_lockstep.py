"""Searches side by side: each is sent the fits of what it wants, whatever the others want, in one call a step."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from blackthorn.fitting import lockstep
from blackthorn.fitting.joint import JointFit, fit_structures
from blackthorn.fitting.lockstep import Lockstep, finished, side_by_side
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import CONSTANT, LINE

POINTS = Points({"filters": np.arange(1.0, 9.0)}, np.arange(1.0, 9.0), 0.01, np.ones(8))
WANTED = [(POINTS, {"filters": LINE}), (POINTS, {"filters": CONSTANT})]


def steps(*counts: int) -> Lockstep[list[float]]:
    """A search that wants so many fits in every step and finds all their costs."""
    costs = []
    for count in counts:
        fits = yield WANTED[:count]
        assert len(fits) == count
        costs += [fit.cost for fit in fits]
    return costs


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How much was wanted in every call, filled as calls are made."""
    seen: list[int] = []

    def counted(wanted: Any) -> list[JointFit]:
        seen.append(len(wanted))
        return fit_structures(wanted)

    monkeypatch.setattr(lockstep, "fit_structures", counted)
    return seen


def test_a_search_is_sent_what_it_wants(calls: list[int]) -> None:
    line, constant = (fit.cost for fit in fit_structures(WANTED))
    assert finished(steps(2, 1)) == [line, constant, line]
    assert calls == [2, 1]


def test_searches_share_their_calls_and_end_when_they_will(calls: list[int]) -> None:
    long, short, idle = finished(side_by_side([steps(1, 2, 1), steps(2), steps()]))
    assert (len(long), len(short), idle) == (4, 2, [])
    assert calls == [3, 2, 1]


def test_a_search_may_be_several_itself(calls: list[int]) -> None:
    def both() -> Lockstep[int]:
        found = yield from side_by_side([steps(1, 1), steps(1)])
        more = yield from steps(2)
        return sum(map(len, found)) + len(more)

    assert finished(side_by_side([both(), steps(1, 1, 1, 1)])) == [5, finished(steps(1, 1, 1, 1))]
    assert calls[:4] == [3, 2, 3, 1]


@pytest.mark.parametrize("searches", [[], [steps()]])
def test_nothing_wanted_is_no_call(calls: list[int], searches: list[Lockstep[list[float]]]) -> None:
    assert finished(side_by_side(searches)) == [[]] * len(searches)
    assert calls == []


def failing(when: Callable[[], None]) -> Lockstep[None]:
    yield WANTED
    when()


def test_what_a_search_raises_ends_all(calls: list[int]) -> None:
    def interrupt() -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        finished(side_by_side([steps(1, 1, 1), failing(interrupt)]))
    assert calls == [3]
