"""Matrix products of 8-bit numbers.

Whether the right side is signed decides: of 400 x 384 with 384 x 384, ONNX Runtime 1.32 took 0.39 ms where it was int8 and
2.1 ms where it was uint8 on a processor with matrix instructions, whichever operator asked for it, and 3.5 ms for fractions.
"""

from collections.abc import Mapping
from typing import ClassVar

from blackthorn.layers.dense import Dense
from blackthorn.layers.matmul import MatMul
from blackthorn.layers.onnx_probe import Input, ProbeLayer, Weights
from blackthorn.layers.products import Product, read_product
from blackthorn.layers.quantization import WHOLE_ONLY, bytes_activations, picked, scale_of_bytes, zero_point
from blackthorn.layers.shapes import Shape
from blackthorn.records import Dimensions, OnnxNode

_RIGHT_SIDE: Mapping[str, int] = {
    **dict.fromkeys(("DynamicQuantizeMatMul", "MatMulInteger", "MatMulIntegerToFloat"), 1),
    **dict.fromkeys(("QGemm", "QLinearMatMul"), 3),
}
"""Which input of an operator is its right side; the left one is the first."""
INT8_PRODUCT_OPERATORS = frozenset(_RIGHT_SIDE)


def _read(node: OnnxNode, element: str) -> Product | None:
    """The product that a node is; None where it is none whose right side is of that element type."""
    right = _RIGHT_SIDE.get(node.op_type)
    plain = None if right is None else picked(node, "Gemm" if node.op_type == "QGemm" else "MatMul", (0, right))
    return None if plain is None or plain.elements[1] != element else read_product(plain)


def _probe(left: Shape, right: Input, element: str, output: Shape) -> ProbeLayer:
    """A product as an ONNX node, its results rounded to 8 bits."""
    scale, zero = scale_of_bytes(), zero_point("uint8")
    inputs = (bytes_activations(left), scale, zero, right, scale, zero_point(element), scale, zero)
    return ProbeLayer("QLinearMatMul", inputs, (output,), elements=("uint8",), shared_input=isinstance(right, Weights))


class DenseInt8(Dense):
    """A dense layer of 8-bit numbers, signed ones as weights."""

    name: ClassVar[str] = "dense_int8"
    operators: ClassVar[frozenset[str]] = INT8_PRODUCT_OPERATORS
    precisions = WHOLE_ONLY
    gives_whole = True
    weights: ClassVar[str] = "int8"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, inputs, outputs = (dimensions[name] for name in ("rows", "inputs", "outputs"))
        return _probe((rows, inputs), Weights((inputs, outputs), self.weights), self.weights, (rows, outputs))

    def product(self, node: OnnxNode) -> Product | None:
        return _read(node, self.weights)


class DenseUint8(DenseInt8):
    """The same with unsigned weights."""

    name: ClassVar[str] = "dense_uint8"
    weights: ClassVar[str] = "uint8"


class MatMulUint8(MatMul):
    """A product of two computed sides of 8-bit numbers, both unsigned, as runtimes have activations."""

    name: ClassVar[str] = "matmul_uint8"
    operators: ClassVar[frozenset[str]] = INT8_PRODUCT_OPERATORS
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        batch, rows, inner, columns = (dimensions[name] for name in ("batch", "rows", "inner", "columns"))
        return _probe((batch, rows, inner), bytes_activations((batch, inner, columns)), "uint8", (batch, rows, columns))

    def product(self, node: OnnxNode) -> Product | None:
        return _read(node, "uint8")
