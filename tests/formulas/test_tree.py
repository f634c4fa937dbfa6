"""Trees: the answers to their questions, read as a binary number, choose the value."""

import numpy as np
import pytest

from blackthorn.formulas import AtMost, DivisibleBy, ObliviousTree, Question

TREE = ObliviousTree((Question("filters", AtMost(100)), Question("channels", DivisibleBy(16))), (0.0, 0.1, 0.2, 0.3))


def test_answers_choose_the_value() -> None:
    point = {"filters": np.array([200.0, 200.0, 50.0, 50.0]), "channels": np.array([3.0, 32.0, 3.0, 32.0])}
    assert TREE.logarithm(point).tolist() == [0.0, 0.1, 0.2, 0.3]


def test_a_dimension_that_is_missing_is_named() -> None:
    with pytest.raises(KeyError, match="channels"):
        TREE.logarithm({"filters": np.array([1.0])})
