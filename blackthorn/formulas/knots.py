"""Formulas without what memory adds."""

from blackthorn.formulas.base import Formula, Node
from blackthorn.formulas.hinge import Hinge
from blackthorn.formulas.missed import Missed


def within_knots(formula: Formula) -> Formula:
    """The formula without what lies beyond any knot."""
    assert isinstance(formula, Node)
    fields = {name: getattr(formula, name) for name in formula.__struct_fields__}
    fields = {name: within_knots(value) if isinstance(value, Formula) else value for name, value in fields.items()}
    return fields["base"] if isinstance(formula, Hinge | Missed) else type(formula)(**fields)
