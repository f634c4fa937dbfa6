"""Structures: their conditions, and the products that cells may hold."""

from hypothesis import given
from hypothesis import strategies as st

from blackthorn.fitting.cells import Fork, all_terms, conditions_of, with_conditions_of
from blackthorn.fitting.shapes import LINE, Leaf, Split
from blackthorn.formulas import AtMost, DivisibleBy

conditions = st.builds(AtMost, st.integers(0, 100)) | st.builds(DivisibleBy, st.integers(1, 32))
shapes = st.recursive(st.just(LINE), lambda inner: st.builds(Split, conditions, inner, inner), max_leaves=4)
plain = st.fixed_dictionaries({"filters": shapes, "width": shapes})
structures = st.recursive(
    plain, lambda inner: st.builds(Fork, st.sampled_from(["filters", "width"]), conditions, inner, inner), max_leaves=3
)


@given(structures)
def test_conditions_of_a_structure_are_taken_out_and_put_back_in_one_order(structure):
    own = list(conditions_of(structure))
    others = [AtMost(place) for place, _ in enumerate(own)]
    moved = with_conditions_of(structure, iter(others))
    assert list(conditions_of(moved)) == [(name, other) for (name, _), other in zip(own, others, strict=True)]
    assert with_conditions_of(moved, (condition for _, condition in own)) == structure


def test_what_misses_a_cache_leaves_out_one_dimension_at_most() -> None:
    terms = all_terms((Leaf(misses=(1000,)), LINE, LINE, LINE))
    missed = {term[1:] for term in terms if term[0]}
    assert missed == {(1, 1, 1), (0, 1, 1), (1, 0, 1), (1, 1, 0)}
    assert sum(not term[0] for term in terms) == 2**3


def test_what_lies_beyond_a_knot_is_multiplied_with_nothing() -> None:
    terms = all_terms((Leaf(knots=(1000,)), LINE, LINE))
    assert [term for term in terms if term[0]] == [(1, 0, 0)]
