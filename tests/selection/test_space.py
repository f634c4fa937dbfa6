"""Which points a sweep weighs."""

import numpy as np

from blackthorn.records import Range
from blackthorn.selection.space import ENDS, MOST_CANDIDATES, Space


def test_every_point_of_a_small_grid_may_come() -> None:
    space = Space({"filters": Range(16, 64, 16), "channels": Range(1, 4)}, {})
    assert space.candidates.shape == (16, 2)
    assert space.may_come.all()


def test_ends_of_a_large_grid_are_candidates_that_do_not_come_because_of_that() -> None:
    wide = Range(1, 1000)
    space = Space({"filters": wide, "channels": wide, "height": wide}, {})
    assert MOST_CANDIDATES * 0.99 < space.may_come.sum() <= MOST_CANDIDATES
    rest = space.candidates[~space.may_come]
    assert len(rest) > 200
    assert np.all((rest <= ENDS) | (rest > 1000 - ENDS))
