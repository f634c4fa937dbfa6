"""A round and the reference around it."""

import pytest

from blackthorn.runners import CallTimes
from blackthorn.timing import Round


def test_a_round_knows_its_reference_and_how_steady_it_was() -> None:
    entry = Round(first=2, calls=2, wall=1.0, before=0.9, after=1.1)
    assert entry.reference == pytest.approx(1.0)
    assert entry.unsteadiness == pytest.approx(0.2)
    assert entry.kernel(CallTimes([0.0] * 5, [9.0, 9.0, 1.0, 3.0, 9.0])) == 2.0
