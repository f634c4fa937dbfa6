"""Full sweeps: every point once, and any beginning of them covers the whole grid."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.records import Range
from blackthorn.sweeping import FullSelector, spread_out
from tests.strategies import QUICK

grids = st.lists(st.integers(1, 12), min_size=1, max_size=3)


@QUICK
@given(grids)
def test_every_index_comes_once(sizes: list[int]) -> None:
    order = list(spread_out(sizes))
    assert sorted(order) == list(itertools.product(*map(range, sizes)))


def test_along_one_axis_it_is_the_sequence_of_van_der_corput() -> None:
    assert [index for (index,) in spread_out([8])] == [0, 4, 2, 6, 1, 5, 3, 7]


@QUICK
@given(st.integers(2, 300), st.integers(1, 300))
def test_any_beginning_leaves_no_wide_gap(size: int, count: int) -> None:
    taken = sorted(index for (index,) in itertools.islice(spread_out([size]), min(count, size)))
    gaps = [after - before for before, after in itertools.pairwise([*taken, size])]
    # Whole rounds of 2^k points halve the gaps; those beyond the size are left out, which costs one more halving.
    assert max(gaps) <= 4 * -(-size // len(taken))


def test_a_beginning_on_a_grid_lies_in_every_quarter() -> None:
    first = list(itertools.islice(spread_out([16, 16]), 4))
    assert {(x // 8, y // 8) for x, y in first} == {(0, 0), (0, 1), (1, 0), (1, 1)}


def ask_all(selector: FullSelector) -> list[dict[str, int]]:
    asked = []
    while (point := selector.ask()) is not None:
        asked.append(point)
        selector.tell(point, 1e-3, 0.01)
    return asked


AXES = {"filters": Range(1, 9, 2), "channels": Range(16, 64, 16)}


def test_it_asks_for_every_point_of_the_axes() -> None:
    asked = ask_all(FullSelector(AXES))
    assert sorted(map(tuple, (point.values() for point in asked))) == list(
        itertools.product(range(1, 10, 2), range(16, 65, 16))
    )
    assert all(list(point) == ["filters", "channels"] for point in asked)


def test_asking_again_without_telling_gives_the_same_answer() -> None:
    selector = FullSelector(AXES)
    first = selector.ask()
    assert first is not None
    again = selector.ask()
    assert again == first
    first["filters"] = 99
    assert selector.ask() == again


@QUICK
@given(st.permutations(list(itertools.product(range(1, 10, 2), range(16, 65, 16)))), st.integers(0, 19))
def test_neither_the_order_nor_the_number_of_tells_matters(points: list[tuple[int, int]], count: int) -> None:
    told = [{"filters": filters, "channels": channels} for filters, channels in points[:count]]
    one, other = FullSelector(AXES), FullSelector(AXES)
    for point in told:
        one.tell(point, 1e-3, 0.01)
    for point in [*reversed(told), *told]:
        other.tell(point, 1e-3, 0.01)
    assert one.ask() == other.ask()
    assert one.progress() == other.progress()
    rest = ask_all(one)
    assert len(rest) == 20 - count
    assert not [point for point in rest if point in told]


def test_a_limit_counts_what_was_told() -> None:
    selector = FullSelector(AXES, limit=6)
    selector.tell({"filters": 3, "channels": 16}, 1e-3, 0.01)
    assert len(ask_all(selector)) == 5
    progress = selector.progress()
    assert (progress.points, progress.limit, progress.formula, progress.error) == (6, 6, "", None)


def test_a_limit_beyond_the_grid_is_the_grid() -> None:
    assert FullSelector(AXES, limit=500).progress().limit == 20


def test_points_off_the_grid_do_not_count() -> None:
    selector = FullSelector(AXES)
    selector.tell({"filters": 2, "channels": 16}, 1e-3, 0.01)
    assert selector.progress().points == 0


def test_skipped_points_are_not_asked_again() -> None:
    selector = FullSelector({"filters": Range(1, 4)})
    for _ in range(4):
        point = selector.ask()
        assert point is not None
        selector.skip(point)
    assert selector.ask() is None
    assert selector.progress().points == 0


@pytest.mark.parametrize("sizes", [[1], [1, 1]])
def test_a_single_point(sizes: list[int]) -> None:
    assert list(spread_out(sizes)) == [(0,) * len(sizes)]
