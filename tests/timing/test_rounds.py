"""What a round tells of the calls in it."""

import pytest

from blackthorn.runners import CallTimes
from blackthorn.timing import Round
from blackthorn.timing.rounds import Calls, called


def test_a_round_knows_its_own_calls_and_how_steady_the_machine_was() -> None:
    entry = Round(first=2, calls=Calls((0, 1), (0.9, 1.1), (1.0, 1.0)), before=0.9, after=1.1)
    assert entry.wall == entry.reference == pytest.approx(1.0)
    assert entry.unsteadiness == pytest.approx(0.2)
    assert entry.kernel(CallTimes(wall=(), kernel=(9.0, 9.0, 1.0, 3.0, 9.0))) == 2.0


@pytest.mark.parametrize(
    ("shares", "numbers", "mean"),
    [
        ((0.0, 0.5, 0.0), (0, 2), 2.0),
        ((0.5, 0.5, 0.5, 0.5), (0, 1, 2, 3), 1.25),
        ((0.5, 0.5, 0.0, 0.5), (2,), 3.0),
    ],
)
def test_calls_that_others_interrupted_count_only_where_there_are_no_others(
    shares: tuple[float, ...], numbers: tuple[int, ...], mean: float
) -> None:
    waited, walls = iter((0.9, *shares)), iter((1.0, 2.0, 3.0, 4.0))
    calls = called(lambda: next(walls), lambda: next(waited), 2, 4, 0.99)
    assert calls.numbers == numbers
    assert calls.wall == pytest.approx(mean)


@pytest.mark.parametrize(("kernel", "left"), [(4.7, 0.7), (0.7, 0.7), (3.9, 0.78)])
def test_what_others_took_is_taken_off_kernels_unless_it_was_taken_around_them(kernel: float, left: float) -> None:
    calls = Calls((0,), (5.0,), (0.2,))
    assert calls.kernel([kernel], [kernel]) == pytest.approx(left)
    assert calls.wall == pytest.approx(1.0)


@pytest.mark.parametrize(("usual", "left"), [(1.5, 1.5), (1.0, 1.0), (0.5, 0.6), (2.4, 2.4), (3.6, 0.6)])
def test_what_others_took_lies_in_kernels_that_took_longer_than_usual(usual: float, left: float) -> None:
    """Of 6 seconds, 3.6 of them in kernels, others took 3: more than there is elsewhere, should kernels be as usual."""
    assert Calls((0,), (6.0,), (0.5,)).kernel([3.6], [usual]) == pytest.approx(left)
