"""Sums, products, extremes and comparisons of two inputs, of one shape or with one of them broadcast."""

import itertools
import math
from typing import ClassVar

import msgspec

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.elementwise import ELEMENTS
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.quantization import WHOLE_ONLY, bytes_activations
from blackthorn.layers.shapes import Shape, input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

_ARITHMETIC = frozenset({"Add", "Div", "Max", "Mean", "Min", "Mul", "Pow", "Sub", "Sum"})
_LOGIC = frozenset({"And", "Equal", "Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Or", "Xor"})
BINARY_OPERATORS = _ARITHMETIC | _LOGIC


class _Sides(msgspec.Struct, frozen=True):
    """A node's inputs and output, ones filled in at the front of the shorter input."""

    left: Shape
    right: Shape
    output: Shape


def _sides(node: OnnxNode) -> _Sides | None:
    """The shapes of a node of two inputs; None where it is none, or they are not known."""
    left, right, output = input_shape(node, 0), input_shape(node, 1), output_shape(node)
    if node.op_type not in BINARY_OPERATORS or len(node.inputs) != 2 or left is None or right is None or output is None:
        return None
    if max(len(left), len(right)) != len(output):
        return None
    filled_left, filled_right = ((1,) * (len(output) - len(shape)) + shape for shape in (left, right))
    return _Sides(filled_left, filled_right, output)


class Add(LayerKind):
    """Two inputs of `elements` numbers each, joined number by number."""

    name: ClassVar[str] = "add"
    operators: ClassVar[frozenset[str]] = BINARY_OPERATORS
    dimensions: ClassVar[tuple[Dimension, ...]] = (ELEMENTS,)
    stretch = "elements"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer("Add", (Activations(shape), Activations(shape)), (shape,))

    def read(self, node: OnnxNode) -> Dimensions | None:
        sides = _sides(node)
        return {"elements": math.prod(sides.output)} if sides is not None and sides.left == sides.right else None


class AddBroadcast(LayerKind):
    """`rows` rows of `columns` numbers, each row joined with one number, or with the same row every time.

    ONNX Runtime calls its kernel once a row, so many short rows cost more than few long ones.
    """

    name: ClassVar[str] = "add_broadcast"
    operators: ClassVar[frozenset[str]] = BINARY_OPERATORS
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("rows", 128, 1, 4096), Dimension("columns", 512, 2, 50_176))
    stretch = "columns"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, columns = dimensions["rows"], dimensions["columns"]
        inputs = (Activations((rows, columns)), Activations((rows, 1)))
        return ProbeLayer("Mul", inputs, ((rows, columns),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        sides = _sides(node)
        if sides is None or sides.left == sides.right:
            return None
        columns = _joined_at_once(sides)
        return {"rows": math.prod(sides.output) // columns, "columns": columns}


def _joined_at_once(sides: _Sides) -> int:
    """The numbers of the last axes, as far as the same sides have one number alone along all of them."""
    ones = [(left == 1, right == 1) for left, right in zip(sides.left, sides.right, strict=True)]
    axes = [(alone, size) for alone, size in zip(ones, sides.output, strict=True) if size > 1]
    together = itertools.takewhile(lambda axis: axis[0] == axes[-1][0], reversed(axes))
    return math.prod(size for _, size in together)


class Bitwise(LayerKind):
    """Two inputs of `elements` whole numbers each, joined bit by bit, or one shifted by the other.

    That takes ONNX Runtime 1.32 1.5 to 1.8 ns a number, however short it is.
    """

    name: ClassVar[str] = "bitwise"
    operators: ClassVar[frozenset[str]] = frozenset({"BitShift", "BitwiseAnd", "BitwiseOr", "BitwiseXor"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (ELEMENTS,)
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        inputs = (bytes_activations(shape), bytes_activations(shape))
        return ProbeLayer("BitShift", inputs, (shape,), {"direction": "RIGHT"}, ("uint8",))

    def read(self, node: OnnxNode) -> Dimensions | None:
        output = output_shape(node)
        if node.op_type not in self.operators or output is None or input_shape(node, 0) is None or input_shape(node, 1) is None:
            return None
        return {"elements": math.prod(output)}
