"""The formula tree: nested step and linear functions of a layer's dimensions, with switches between regimes."""

from blackthorn.formulas.base import Formula, Point, Values, decode_formula, formula_schema
from blackthorn.formulas.border import AtBorder, Border
from blackthorn.formulas.constant import Constant
from blackthorn.formulas.correction import Alternative, Correction
from blackthorn.formulas.gaussian_process import GaussianProcess
from blackthorn.formulas.hinge import Hinge
from blackthorn.formulas.knots import within_knots
from blackthorn.formulas.linear import Linear
from blackthorn.formulas.missed import Missed
from blackthorn.formulas.step import Step
from blackthorn.formulas.switch import AtMost, Condition, DivisibleBy, Switch
from blackthorn.formulas.tiles import Tiles, Tiling
from blackthorn.formulas.tree import ObliviousTree, Question

KINDS: dict[str, type] = {
    "border": AtBorder,
    "constant": Constant,
    "hinge": Hinge,
    "linear": Linear,
    "missed": Missed,
    "step": Step,
    "switch": Switch,
    "tiles": Tiles,
}
"""Every kind of node, by the tag it has in files."""

__all__ = [
    "KINDS",
    "Alternative",
    "AtBorder",
    "AtMost",
    "Border",
    "Condition",
    "Constant",
    "Correction",
    "DivisibleBy",
    "Formula",
    "GaussianProcess",
    "Hinge",
    "Linear",
    "Missed",
    "ObliviousTree",
    "Point",
    "Question",
    "Step",
    "Switch",
    "Tiles",
    "Tiling",
    "Values",
    "decode_formula",
    "formula_schema",
    "within_knots",
]
