"""Layers that treat every number by itself, one class for all operators that cost about the same.

Nanoseconds a number of ONNX Runtime 1.32 on one AVX-512 core, 30,000 numbers in the cache: 0.25 to 0.5 for those of `relu`,
0.5 to 0.65 for `sigmoid`, 0.85 for `gelu`, 2.4 for `elu` (nothing vectorised), 5.5 for `prelu`, 14 for `softplus`.
"""

import math
from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import MICROSOFT, TRUTH, WHOLE, Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

WHOLE_BELOW = 256
"""Whole numbers that a probe casts are smaller than this, as pixels are."""
ONNX_INT64 = 7
"""ONNX's number of int64, which `to` tells."""
ELEMENTS = Dimension("elements", 100_000, 1, 1_000_000)


class Elementwise(LayerKind):
    """A function of every one of `elements` numbers."""

    dimensions: ClassVar[tuple[Dimension, ...]] = (ELEMENTS,)
    operator: ClassVar[str]
    domain: ClassVar[str] = ""

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer(self.operator, (Activations(shape),), (shape,), domain=self.domain)

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape = output_shape(node)
        if node.op_type not in self.operators or shape is None or input_shape(node) is None:
            return None
        return {"elements": math.prod(shape)}


class Relu(Elementwise):
    """Comparisons, one or two operations, and the functions that processors have instructions for."""

    name: ClassVar[str] = "relu"
    operator: ClassVar[str] = "Relu"
    stretch = "elements"
    operators: ClassVar[frozenset[str]] = frozenset({"IsInf", "IsNaN", "Not"}) | frozenset(
        {"Abs", "Ceil", "Clip", "Exp", "Floor", "HardSigmoid", "LeakyRelu", "Neg", "Reciprocal", "Relu", "Round", "Sqrt"}
    )


class Sigmoid(Elementwise):
    """Functions that take a polynomial or an exponential."""

    name: ClassVar[str] = "sigmoid"
    operator: ClassVar[str] = "Sigmoid"
    operators: ClassVar[frozenset[str]] = frozenset({"Erf", "HardSwish", "Sigmoid", "Tanh"})


class Gelu(Elementwise):
    """A number times a sigmoid-like function of it."""

    name: ClassVar[str] = "gelu"
    operator: ClassVar[str] = "Gelu"
    domain: ClassVar[str] = MICROSOFT
    operators: ClassVar[frozenset[str]] = frozenset({"BiasGelu", "FastGelu", "Gelu", "QuickGelu"})


class Elu(Elementwise):
    """Functions that runtimes evaluate number by number."""

    name: ClassVar[str] = "elu"
    operator: ClassVar[str] = "Elu"
    operators: ClassVar[frozenset[str]] = frozenset(
        {"Acos", "Asin", "Atan", "Celu", "Cos", "Elu", "Log", "Selu", "Sign", "Sin"}
    )


class PRelu(Elementwise):
    """A ReLU whose negative side has a slope of its own in every channel."""

    name: ClassVar[str] = "prelu"
    operators: ClassVar[frozenset[str]] = frozenset({"PRelu"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer("PRelu", (Activations(shape), Weights((1,))), (shape,))


class Softplus(Elementwise):
    """Logarithms of sums of exponentials, and the like."""

    name: ClassVar[str] = "softplus"
    operator: ClassVar[str] = "Softplus"
    operators: ClassVar[frozenset[str]] = frozenset({"Cosh", "Mish", "Sinh", "Softplus", "Tan"})


class Cast(Elementwise):
    """Whole numbers of 64 bits turned into fractions, or into others, or others into them.

    That takes 0.6 to 1.3 ns a number; between shorter ones it takes 0.3 to 0.5.
    """

    name: ClassVar[str] = "cast"
    operators: ClassVar[frozenset[str]] = frozenset({"Cast"})
    gives_whole = True
    element: ClassVar[str] = WHOLE
    is_wide: ClassVar[bool] = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer("Cast", (Activations(shape, WHOLE_BELOW, self.element),), (shape,), element_attribute="to")

    def read(self, node: OnnxNode) -> Dimensions | None:
        wide = node.elements[:1] == (WHOLE,) or node.attributes.get("to") == ONNX_INT64
        return super().read(node) if wide == self.is_wide else None


class CastShort(Cast):
    """Numbers of at most 32 bits turned into others of at most 32 bits; in the probe truth values into fractions."""

    name: ClassVar[str] = "cast_short"
    element: ClassVar[str] = TRUTH
    is_wide: ClassVar[bool] = False
