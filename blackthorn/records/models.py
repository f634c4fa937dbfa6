"""What is fitted: formulas of classes of layers, and a device as all of them."""

import math
from collections import defaultdict
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas import Correction, Formula, Point, Values, within_knots
from blackthorn.formulas.correction import SHORTEST
from blackthorn.records.probes import Dimensions, Precision
from blackthorn.records.sweeps import Device, Reference

MODEL_SCHEMA = 10
LEAST_LEFT = 0.3
"""The part of a layer's time that caches cannot save at least: of layers timed in both ways none lost more than half."""
ANYWHERE = (1.0, math.inf)
"""The range of a dimension that a class says nothing of; fitted classes say something of every one."""
BYTES_MOVED = "bytes_moved"
"""What a formula may speak of beside dimensions: bytes of input, weights and output together, by which caches take a layer."""
POSITIONS = "positions"
"""What a formula speaks of in the place of an image's sizes where their product alone matters: the positions of a result."""
OUTPUT_SIZES = {name: f"output_{name}" for name in ("length", "depth", "height", "width")}
"""What a formula speaks of in the place of a size where that of the result alone matters, by the size's name."""


class CachedWeights(msgspec.Struct, frozen=True):
    """How much of a network's weights the caches of a device keep from one call to the next.

    Attributes:
        footprints: bytes of all weights of a network together, ascending.
        kept: the share that is kept of each, from 1 down to 0; linear in the logarithm between them.
    """

    footprints: tuple[int, ...]
    kept: tuple[float, ...]

    def share(self, footprint: float) -> float:
        """The share that is kept of so many bytes."""
        return float(np.interp(math.log(max(footprint, 1.0)), np.log(self.footprints), self.kept))


class LayerFormula(msgspec.Struct, frozen=True, dict=True):
    """How long layers of one class take.

    Attributes:
        layer: the layer kind.
        precision: the number format of weights and activations.
        fixed: dimensions that every measured point shared; a layer belongs to the class when it shares them too.
        ranges: smallest and largest measured value of every other dimension.
        formula: seconds over the dimensions in `ranges`, `BYTES_MOVED`, `POSITIONS` and `OUTPUT_SIZES`.
        text: the formula in clear, in milliseconds.
        points: measured points it was fitted to.
        rmspe: root mean square relative error at those points, in percent.
        rmspe_cross_validated: the same at points left out of the fit, in percent.
        residuals: signed relative errors at points left out of the fit, (predicted - measured) / measured.
        reference: the layer beside which they were timed, and what it takes at the speed at which the formula is stated.
        correction: a factor, where left-out errors are smaller with it; all errors here are then those of formula and
            correction together.
        saved: seconds that a layer takes less for every byte of its weights that caches keep (see `CachedWeights`); the formula
            is of layers whose weights lie in memory.
        timing_error: root mean square standard error of the points' own timings, in percent: no formula can be seen to be
            nearer than that. None where nothing was timed beside them, as for timings that other tools took.
    """

    layer: str
    precision: Precision
    fixed: Dimensions
    ranges: dict[str, tuple[int, int]]
    formula: Formula
    text: str
    points: int
    rmspe: float
    rmspe_cross_validated: float
    residuals: tuple[float, ...]
    reference: Reference | None = None
    correction: Correction | None = None
    saved: float = 0.0
    timing_error: float | None = None

    @cached_property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Least and largest value of every dimension: of a fixed one, twice the same."""
        return {**self.ranges, **{name: (value, value) for name, value in self.fixed.items()}}

    @cached_property
    def within_caches(self) -> Formula | None:
        """The formula without what comes from beyond caches; None where it knows of none."""
        within = within_knots(self.formula)
        return None if within == self.formula else within

    def seconds(self, point: Point) -> Values:
        """What layers at points take, corrected, shape (n,).

        Args:
            point: dimensions, and the bytes that layers move, as arrays of shape (n,).

        Raises:
            KeyError: the formula speaks of a dimension that is not there.
        """
        return self._corrected(self.formula.evaluate(point), point)

    def _corrected(self, seconds: Values, point: Point) -> Values:
        return seconds if self.correction is None else seconds * self.correction.factor(point, seconds)

    def less_cached(self, seconds: Values, kept: Values) -> Values:
        """What layers take less where caches keep so many bytes of their weights, shape (n,).

        Args:
            seconds: what they take where their weights lie in memory, shape (n,).
            kept: bytes, shape (n,).
        """
        less: Values = np.maximum(seconds - self.saved * kept, LEAST_LEFT * seconds)
        return less

    def streamed(self, point: Point) -> tuple[Values, Values | float]:
        """`seconds`, and the share of them that comes from beyond caches, 0 to 1: shape (n,), or one number where none does."""
        seconds = self.formula.evaluate(point)
        corrected = self._corrected(seconds, point)
        if self.within_caches is None:
            return corrected, 0.0
        shares: Values = np.clip(1.0 - self.within_caches.evaluate(point) / np.maximum(seconds, SHORTEST), 0.0, 1.0)
        return corrected, shares


class FormulasOfKind(msgspec.Struct, frozen=True, eq=False, dict=True):
    """The formulas of all classes of a layer kind and precision, those of most points first."""

    formulas: tuple[LayerFormula, ...] = ()

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The dimensions that any of them says something of."""
        return tuple(dict.fromkeys(name for formula in self.formulas for name in formula.spans))

    @cached_property
    def log_spans(self) -> Values:
        """Logarithms of the least and the largest value of every dimension, shape (2, classes, dimensions); all where nothing
        is said.
        """
        spans = [[formula.spans.get(name, ANYWHERE) for name in self.names] for formula in self.formulas]
        logarithms: Values = np.log(np.maximum(np.array(spans, dtype=np.float64), 1.0)).transpose(2, 0, 1)
        return logarithms

    @cached_property
    def is_fixed(self) -> NDArray[np.bool_]:
        """Which dimensions have one value in a class, shape (classes, dimensions)."""
        return np.array([[name in formula.fixed for name in self.names] for formula in self.formulas])


NO_FORMULAS = FormulasOfKind()


class FittedModel(msgspec.Struct, frozen=True, dict=True):
    """A device as formulas; `cached` tells what its caches keep of a network's weights, None where that is not known."""

    device: Device
    layers: tuple[LayerFormula, ...]
    created_at: str
    made_by: str
    cached: CachedWeights | None = None
    schema: int = MODEL_SCHEMA
    unit: Literal["s"] = "s"

    @cached_property
    def classes(self) -> dict[tuple[str, Precision], FormulasOfKind]:
        """The formulas by layer kind and precision."""
        groups: dict[tuple[str, Precision], list[LayerFormula]] = defaultdict(list)
        for formula in sorted(self.layers, key=lambda formula: -formula.points):
            groups[formula.layer, formula.precision].append(formula)
        return {key: FormulasOfKind(tuple(formulas)) for key, formulas in groups.items()}

    def formulas_only(self) -> "FittedModel":
        """The model without any correction."""
        bare = tuple(msgspec.structs.replace(group, correction=None) for group in self.layers)
        return msgspec.structs.replace(self, layers=bare)
