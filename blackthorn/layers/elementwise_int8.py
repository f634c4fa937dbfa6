"""Layers of 8-bit numbers that compute number by number, or row by row.

Nanoseconds a number of ONNX Runtime 1.32 on one AVX-512 core: 0.37 to add, 0.56 to multiply, 0.75 to look a function up, 15 for
a softmax, which takes 0.7 of fractions.
"""

import math
from typing import ClassVar

import numpy as np

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.elementwise import ELEMENTS
from blackthorn.layers.movement import Concat, halves
from blackthorn.layers.onnx_probe import MICROSOFT, Given, Input, ProbeLayer
from blackthorn.layers.quantization import (
    WHOLE_ONLY,
    EightBitElementwise,
    bytes_activations,
    picked,
    rounded_twice,
    scale_of_bytes,
    zero_point,
)
from blackthorn.layers.rows import Softmax
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

_COUNTED_FROM_FRONT = {"axis": -1, "opset": 13}
"""What QLinearSoftmax is told: since operator set 13 its rows are along one axis alone."""


class AddInt8(LayerKind):
    """Two inputs of 8-bit numbers joined number by number, or with one of them broadcast."""

    name: ClassVar[str] = "add_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"QLinearAdd", "QLinearMul"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (ELEMENTS,)
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape, scale, zero = (dimensions["elements"],), scale_of_bytes(), zero_point("uint8")
        inputs = (bytes_activations(shape), scale, zero) * 2 + (scale, zero)
        return ProbeLayer("QLinearAdd", inputs, (shape,), elements=("uint8",), domain=MICROSOFT)

    def read(self, node: OnnxNode) -> Dimensions | None:
        left, right, output = input_shape(node, 0), input_shape(node, 3), output_shape(node)
        if node.op_type not in self.operators or left is None or right is None or output is None:
            return None
        return {"elements": math.prod(output)}


class SigmoidInt8(EightBitElementwise):
    """A function of every 8-bit number, looked up in a table of 256."""

    name: ClassVar[str] = "sigmoid_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"QLinearLeakyRelu", "QLinearSigmoid"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer("QLinearSigmoid", rounded_twice(shape), (shape,), elements=("uint8",), domain=MICROSOFT)


class SoftmaxInt8(Softmax):
    """Exponentials of every row of 8-bit numbers, divided by their sum."""

    name: ClassVar[str] = "softmax_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"QLinearSoftmax"})
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["rows"], dimensions["columns"])
        return ProbeLayer("QLinearSoftmax", rounded_twice(shape), (shape,), _COUNTED_FROM_FRONT, ("uint8",), domain=MICROSOFT)


class ConcatInt8(Concat):
    """Parts of 8-bit numbers put side by side, each number looked up anew, since the result has a scale of its own."""

    name: ClassVar[str] = "concat_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"QLinearConcat"})
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length = dimensions["runs"], dimensions["run_length"]
        scale, zero = scale_of_bytes(), zero_point("uint8")
        inputs: tuple[Input, ...] = (Given(2 * np.asarray(scale.values, np.float32)), zero)
        for part in halves(run_length):
            inputs += (bytes_activations((runs, part)), scale, zero)
        return ProbeLayer("QLinearConcat", inputs, ((runs, run_length),), {"axis": 1}, ("uint8",), domain=MICROSOFT)

    def read(self, node: OnnxNode) -> Dimensions | None:
        plain = picked(node, "Concat", (2,)) if node.op_type in self.operators else None
        return None if plain is None else super().read(plain)
