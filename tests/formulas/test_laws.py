"""What holds of every formula, whatever its kind."""

import ast
import math
import re

import msgspec
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.formulas import KINDS, Constant, Formula, decode_formula
from blackthorn.formulas.notation import LATEX
from tests.strategies import DIMENSIONS, QUICK, formulas, nodes, points

PRINTED = 5.001e-5
"""Relative error of a number printed with five significant digits."""


class Holder(msgspec.Struct, frozen=True):
    formula: Formula


def decode(text: bytes) -> Formula:
    return msgspec.json.decode(text, type=Holder, dec_hook=decode_formula).formula


def evaluate_text(text: str, point: dict[str, int]) -> float:
    """A formula's text as Python computes it, with nothing but the point and `min` and `max` in sight."""
    tree = ast.parse(text, mode="eval")
    called = {ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)}
    assert called <= {"min", "max"}
    return float(eval(compile(tree, "formula", "eval"), {"__builtins__": {"min": min, "max": max}}, dict(point)))


def magnitude(formula: Formula) -> Formula:
    """The formula with all of its constants made positive: the scale that its rounding errors have."""
    data = msgspec.to_builtins(formula)
    return msgspec.convert({"formula": _positive(data)}, Holder, dec_hook=decode_formula).formula


def _positive(data: object) -> object:
    if isinstance(data, dict):
        return {key: abs(value) if key == "value" else _positive(value) for key, value in data.items()}
    return data


@pytest.fixture(params=sorted(KINDS))
def any_formula(request: pytest.FixtureRequest) -> st.SearchStrategy[Formula]:
    """Formulas with each kind at the root in turn; a new kind fails here until tests/strategies.py can make it."""
    return nodes(request.param, formulas())


def test_arrays_give_what_single_points_give(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula, st.lists(points(), min_size=1, max_size=6))
    def law(formula: Formula, where: list[dict[str, int]]) -> None:
        arrays = {name: np.array([point[name] for point in where]) for name in DIMENSIONS}
        together = formula.evaluate(arrays)
        assert together.shape == (len(where),)
        assert together.dtype == np.float64
        assert together.tolist() == [float(formula.evaluate(point)) for point in where]
        grid = {name: values.reshape(1, -1) for name, values in arrays.items()}
        assert formula.evaluate(grid).shape == (1, len(where))

    law()


def test_a_formula_round_trips_through_json(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula)
    def law(formula: Formula) -> None:
        text = msgspec.json.encode(Holder(formula))
        assert decode(text) == formula
        assert type(decode(text)) is type(formula)
        assert hash(decode(text)) == hash(formula)

    law()


def test_the_text_computes_the_same_value(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula, points(), st.sampled_from([1.0, 1e3]))
    def law(formula: Formula, point: dict[str, int], scale: float) -> None:
        exact = scale * float(formula.evaluate(point))
        slack = PRINTED * scale * float(magnitude(formula).evaluate(point))
        assert evaluate_text(formula.text(scale), point) == pytest.approx(exact, rel=1e-9, abs=slack + 1e-300)

    law()


def test_scaling_scales_every_value(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula, points(), st.floats(0.0, 1e3))
    def law(formula: Formula, point: dict[str, int], factor: float) -> None:
        scaled = formula.scaled(factor)
        slack = 1e-12 * factor * float(magnitude(formula).evaluate(point))
        assert float(scaled.evaluate(point)) == pytest.approx(factor * float(formula.evaluate(point)), abs=slack + 1e-300)
        assert scaled.complexity() == formula.complexity()
        assert type(scaled) is type(formula)

    law()


def test_complexity_counts_every_free_number(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula)
    def law(formula: Formula) -> None:
        numbers = re.findall(
            rb'"(?:value|width|knot|offset|piece|threshold|divisor|until|outside)":-?[0-9]', msgspec.json.encode(formula)
        )
        assert formula.complexity() == len(numbers)
        assert len(list(formula.walk())) == 1 + sum(len(list(child.walk())) for child in formula.children())

    law()


def test_latex_is_balanced(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula)
    def law(formula: Formula) -> None:
        written = formula.render(LATEX, 1e3)
        depth = 0
        for sign in re.findall(r"(?<!\\)[{}]", written):
            depth += 1 if sign == "{" else -1
            assert depth >= 0
        assert depth == 0
        assert len(re.findall(r"\\left\b", written)) == len(re.findall(r"\\right\b", written))
        assert written.count(r"\begin{") == written.count(r"\end{")
        assert not re.search(r"\d[eE][+-]?\d", written)

    law()


def test_a_missing_dimension_is_named(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula)
    def law(formula: Formula) -> None:
        used = {name for node in formula.walk() if (name := getattr(node, "dimension", None))}
        for name in used:
            with pytest.raises(KeyError, match=name):
                formula.evaluate({other: 1 for other in DIMENSIONS if other != name})
        assert math.isfinite(float(formula.evaluate(dict.fromkeys(used, 1))))

    law()


def test_formulas_are_frozen(any_formula: st.SearchStrategy[Formula]) -> None:
    @QUICK
    @given(any_formula)
    def law(formula: Formula) -> None:
        with pytest.raises(AttributeError):
            setattr(formula, type(formula).__struct_fields__[0], Constant(1.0))

    law()
