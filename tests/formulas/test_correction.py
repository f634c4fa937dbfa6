"""Corrections: what all parts say together, and no more than twice or half."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.formulas import AtMost, Correction, GaussianProcess, ObliviousTree, Question
from blackthorn.formulas.correction import LARGEST_FACTOR
from tests.strategies import QUICK, corrections

PROCESS = GaussianProcess(("filters",), 1, (1.0,), ((64,),), (0.1,))
SMALL = ObliviousTree((Question("channels", AtMost(16)),), (0.0, 0.2))
AT = {"filters": np.array([64.0, 64.0]), "channels": np.array([8.0, 32.0])}


@QUICK
@given(corrections(), st.lists(st.tuples(st.integers(1, 4096), st.integers(1, 4096)), min_size=1, max_size=5))
def test_it_stays_between_half_and_twice(correction: Correction, points: list[tuple[int, int]]) -> None:
    filters, channels = np.array(points, dtype=float).T
    factor = correction.factor({"filters": filters, "channels": channels})
    assert factor.shape == (len(points),)
    assert np.all((factor >= 1 / LARGEST_FACTOR) & (factor <= LARGEST_FACTOR))


def test_parts_add_up() -> None:
    assert np.log(Correction(PROCESS, (), 9.0).factor(AT)) == pytest.approx([0.1, 0.1])
    assert np.log(Correction(None, (SMALL, SMALL), 9.0).factor(AT)) == pytest.approx([0.4, 0.0])
    assert np.log(Correction(PROCESS, (SMALL,), 9.0).factor(AT)) == pytest.approx([0.3, 0.1])


def test_a_dimension_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="channels"):
        Correction(PROCESS, (SMALL,), 9.0).factor({"filters": np.array([1.0])})
