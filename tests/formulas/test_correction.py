"""Corrections: what all parts say together, and no more than twice or half."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.formulas import Alternative, AtMost, Constant, Correction, GaussianProcess, Linear, ObliviousTree, Question
from blackthorn.formulas.correction import LARGEST_FACTOR
from tests.strategies import QUICK, corrections

PROCESS = GaussianProcess(("filters",), 1, (1.0,), ((64,),), (0.1,))
SMALL = ObliviousTree((Question("channels", AtMost(16)),), (0.0, 0.2))
LONGER = Alternative(Constant(1e-2 * np.e), 0.25)
SECONDS = np.array([1e-2, 1e-2 * np.e])
AT = {"filters": np.array([64.0, 64.0]), "channels": np.array([8.0, 32.0])}


@QUICK
@given(corrections(), st.lists(st.tuples(st.integers(1, 4096), st.integers(1, 4096)), min_size=1, max_size=5))
def test_it_stays_between_half_and_twice(correction: Correction, points: list[tuple[int, int]]) -> None:
    filters, channels = np.array(points, dtype=float).T
    factor = correction.factor({"filters": filters, "channels": channels}, np.full(len(points), 1e-3))
    assert factor.shape == (len(points),)
    assert np.all((factor >= 1 / LARGEST_FACTOR) & (factor <= LARGEST_FACTOR))


def test_parts_add_up() -> None:
    assert np.log(Correction((), PROCESS, (), 9.0).factor(AT, SECONDS)) == pytest.approx([0.1, 0.1])
    assert np.log(Correction((), None, (SMALL, SMALL), 9.0).factor(AT, SECONDS)) == pytest.approx([0.4, 0.0])
    assert np.log(Correction((), PROCESS, (SMALL,), 9.0).factor(AT, SECONDS)) == pytest.approx([0.3, 0.1])
    assert np.log(Correction((LONGER,), PROCESS, (), 9.0).factor(AT, SECONDS)) == pytest.approx([0.35, 0.1])


def test_other_formulas_count_by_their_shares_of_the_average() -> None:
    """The weighted geometric mean, the corrected formula having what the others leave."""
    other = Alternative(Linear("channels", Constant(0.0), Constant(1e-3)), 0.25)
    factor = Correction((LONGER, other), None, (), 9.0).factor(AT, SECONDS)
    assert SECONDS * factor == pytest.approx(SECONDS**0.5 * (1e-2 * np.e) ** 0.25 * (1e-3 * AT["channels"]) ** 0.25)


def test_formulas_that_say_that_a_layer_takes_no_time_are_no_fault() -> None:
    nothing = Alternative(Constant(0.0), 0.5)
    assert Correction((nothing,), None, (), 9.0).factor(AT, SECONDS) == pytest.approx([0.5, 0.5])
    assert np.isfinite(Correction((nothing,), None, (), 9.0).factor(AT, np.zeros(2))).all()


def test_a_dimension_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="channels"):
        Correction((), PROCESS, (SMALL,), 9.0).factor({"filters": np.array([1.0])}, SECONDS[:1])
