"""Shapes part a dimension into regimes, and their leaves add up columns."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.fitting.shapes import LINE, Leaf, Split, conditions, leaves, regimes, with_conditions
from blackthorn.formulas import AtMost, Border, DivisibleBy, Tiling

switched = st.builds(AtMost, st.integers(0, 100)) | st.builds(DivisibleBy, st.integers(1, 32))
leaf_shapes = st.builds(Leaf, st.lists(st.integers(1, 64), max_size=2).map(tuple), st.booleans())
shapes = st.recursive(leaf_shapes, lambda inner: st.builds(Split, switched, inner, inner), max_leaves=5)


@given(shapes)
def test_every_value_is_in_exactly_one_regime(shape):
    x = np.arange(1.0, 101.0)
    masks = regimes(shape, x)
    assert len(masks) == len(list(leaves(shape)))
    assert (np.sum(masks, axis=0) == 1).all()


@given(shapes)
def test_conditions_are_taken_out_and_put_back_in_one_order(shape):
    others = [AtMost(place) for place, _ in enumerate(conditions(shape))]
    moved = with_conditions(shape, iter(others))
    assert list(conditions(moved)) == others
    assert with_conditions(moved, conditions(shape)) == shape


def test_lines_from_knots_on_follow_the_stairs() -> None:
    leaf = Leaf((4,), linear=True, knots=(3, 8), tiling=Tiling(6, 0, 1))
    columns = leaf.columns(np.array([1.0, 4.0, 10.0]))
    assert columns[leaf.hinges()].tolist() == [[0.0, 1.0, 7.0], [0.0, 0.0, 2.0]]
    assert columns[2].tolist() == [0.0, 0.0, 2.0]
    assert columns[-2:].tolist() == [[0.0, 0.0, 1.0], [1.0, 4.0, 4.0]]


def test_shares_that_miss_follow_the_lines_from_knots_on() -> None:
    leaf = Leaf(knots=(8,), misses=(2, 4))
    assert leaf.bends() == ((8, "knots"), (2, "misses"), (4, "misses"))
    columns = leaf.columns(np.array([2.0, 4.0, 10.0]))
    assert columns[leaf.hinges()].tolist() == [[0.0, 0.0, 2.0]]
    np.testing.assert_allclose(columns[leaf.ratios()], [[0.0, 0.75, 1.0], [0.0, 0.0, 0.9]])


def test_memory_alone_moves_nothing() -> None:
    assert not Leaf(knots=(8,), misses=(2,)).moves()
    assert Leaf(linear=True, misses=(2,)).moves()


@given(leaf_shapes)
def test_a_leaf_has_as_many_columns_as_terms_and_the_constant_first(leaf):
    columns = leaf.columns(np.arange(1.0, 10.0))
    assert columns.shape == (leaf.terms(), 9)
    assert (columns[0] == 1.0).all()


def test_the_columns_of_a_leaf():
    columns = Leaf((4,), linear=True).columns(np.array([1.0, 4.0, 5.0, 9.0]))
    assert columns.tolist() == [[1, 1, 1, 1], [1, 4, 5, 9], [0, 0, 1, 2]]


def test_the_line_of_a_leaf_begins_at_its_offset():
    assert Leaf(linear=True, offset=1.5).columns(np.array([1.0, 2.0, 4.0]))[1].tolist() == [0.0, 0.5, 2.5]


def test_a_border_comes_before_the_line_beyond_it():
    columns = Leaf((4,), linear=True, offset=2.0, border=Border(2, 0.5)).columns(np.array([1.0, 2.0, 5.0]))
    assert columns.tolist() == [[1, 1, 1], [0.5, 1.5, 1.5], [0, 0, 3], [0, 0, 1]]


def test_the_then_side_comes_first():
    first, second = regimes(Split(AtMost(5), LINE, LINE), np.array([3.0, 8.0]))
    assert first.tolist() == [True, False]
    assert second.tolist() == [False, True]
