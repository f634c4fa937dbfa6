"""blackthorn's own formulas, fitted as `blackthorn fit` does it."""

from typing import ClassVar

import msgspec

from blackthorn.fitting.class_formula import fit_class
from blackthorn.layers import Quantities, layer_kind
from blackthorn.records import LayerFormula
from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.timed_layers import TimedLayers


class FittedFormula(msgspec.Struct, frozen=True):
    """The formula of a class."""

    group: LayerFormula

    def predict(self, layers: TimedLayers) -> Floats:
        dimensions = [measurement.probe.dimensions for measurement in layers.group.measurements]
        return self.group.seconds(Quantities(layer_kind(self.group.layer), self.group.precision, dimensions))


class Formulas(msgspec.Struct, frozen=True):
    """Nested steps and lines, with switches between regimes."""

    name: ClassVar[str] = "blackthorn"
    summary: ClassVar[str] = "nested step and linear formulas with switches, as 'blackthorn fit' makes them"

    def fit(self, layers: TimedLayers) -> FittedFormula | CannotFit:
        return too_few(layers) or FittedFormula(fit_class(layers.group))


class FormulasAlone(msgspec.Struct, frozen=True):
    """The same without corrections."""

    name: ClassVar[str] = "formula-only"
    summary: ClassVar[str] = "blackthorn's formulas without corrections"

    def fit(self, layers: TimedLayers) -> FittedFormula | CannotFit:
        return too_few(layers) or FittedFormula(msgspec.structs.replace(fit_class(layers.group), correction=None))
