"""What is told in closed form is what least squares explain."""

import numpy as np
import pytest

from blackthorn.fitting.swept import Swept, swept

RNG = np.random.default_rng(3)
COLUMNS = RNG.uniform(0.1, 1.0, (2, 7, 40))
TARGET = 0.5 * COLUMNS[:, 3] + 2.0 * COLUMNS[:, 6] + 0.2 * COLUMNS[:, 0] + 0.2 * RNG.standard_normal((2, 40))
WEIGHTS = RNG.uniform(0.2, 1.0, (2, 40))
CHOSEN = (3, 1, 6)
OTHERS = tuple(i for i in range(7) if i not in CHOSEN)


def explained(row: int, chosen: tuple[int, ...]) -> float:
    """Weighted squares that least squares by some columns explain."""
    return fitted(row, chosen)[0]


def explained_by_adding(row: int, chosen: tuple[int, ...]) -> float:
    """The same, without the last column where it would take off."""
    squares, last = fitted(row, chosen)
    return squares if last >= 0.0 else explained(row, chosen[:-1])


def fitted(row: int, chosen: tuple[int, ...]) -> tuple[float, float]:
    """What is explained, and the last column's coefficient."""
    root = np.sqrt(WEIGHTS[row])
    design, target = (root * COLUMNS[row, list(chosen)]).T, root * TARGET[row]
    coefficients = np.linalg.lstsq(design, target, rcond=None)[0]
    return float(np.sum((design @ coefficients) ** 2)), float(coefficients[-1])


@pytest.fixture(scope="module")
def found() -> Swept:
    return swept(COLUMNS, TARGET, WEIGHTS, np.array([CHOSEN, CHOSEN]))


@pytest.mark.parametrize("row", [0, 1])
def test_what_is_chosen(found: Swept, row: int) -> None:
    assert found.explained[row] == pytest.approx(explained(row, CHOSEN))
    assert found.squares[row] == pytest.approx(np.sum(WEIGHTS[row] * TARGET[row] ** 2))
    assert found.points[row] == pytest.approx(WEIGHTS[row].sum())


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("new", OTHERS)
def test_one_more(found: Swept, row: int, new: int) -> None:
    assert found.explained_with()[row, new] == pytest.approx(explained_by_adding(row, (*CHOSEN, new)))


@pytest.mark.parametrize("row", [0, 1])
@pytest.mark.parametrize("place", range(3))
def test_one_less_and_another_in_its_place(found: Swept, row: int, place: int) -> None:
    kept = tuple(column for column in CHOSEN if column != CHOSEN[place])
    assert found.explained_without()[row, place] == pytest.approx(explained(row, kept))
    for new in OTHERS:
        assert found.explained_instead(place)[row, new] == pytest.approx(explained_by_adding(row, (*kept, new)))


def test_beside_nothing_a_column_explains_what_it_does_alone() -> None:
    found = swept(COLUMNS, TARGET, WEIGHTS, np.zeros((2, 0), dtype=np.intp))
    assert found.explained == pytest.approx(0.0)
    for row in range(2):
        assert found.explained_with()[row] == pytest.approx([explained(row, (new,)) for new in range(7)])


def test_a_column_twice_explains_no_more() -> None:
    twice = np.concatenate([COLUMNS, 3.0 * COLUMNS[:, 3:4]], axis=1)
    found = swept(twice, TARGET, WEIGHTS, np.array([[3], [3]]))
    assert found.explained_with()[:, 7] == pytest.approx(found.explained, rel=1e-6)
