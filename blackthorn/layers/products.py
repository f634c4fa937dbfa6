"""Reading matrix products from ONNX nodes, whichever operator writes them."""

import math

import msgspec

from blackthorn.layers.shapes import input_shape, is_constant, output_shape, whole_attribute
from blackthorn.records import OnnxNode

PRODUCT_OPERATORS = frozenset({"FusedGemm", "FusedMatMul", "Gemm", "MatMul"})


class Product(msgspec.Struct, frozen=True):
    """`batch` products of rows x inner with inner x columns; `weighted` where all of them share one constant right side."""

    batch: int
    rows: int
    inner: int
    columns: int
    weighted: bool


def read_product(node: OnnxNode) -> Product | None:
    """The matrix product that a node is; None where it is none, or its shapes are not known.

    A Gemm whose right side is computed counts as a product, too; vectors as a side of a MatMul do as matrices of one row or
    column.
    """
    left, right, output = input_shape(node, 0), input_shape(node, 1), output_shape(node, 0)
    transposed = whole_attribute(node, "transA", 0)
    if node.op_type not in PRODUCT_OPERATORS or not left or not right or not output or transposed is None:
        return None
    inner = left[-2] if transposed and len(left) > 1 else left[-1]
    elements = math.prod(output)
    columns = 1 if len(right) == 1 else output[-1]
    rows = 1 if len(left) == 1 else math.prod(left[-2:]) // inner
    if elements % (rows * columns):
        return None
    weighted = is_constant(node, 1) and math.prod(right) == inner * columns
    return Product(elements // (rows * columns), rows, inner, columns, weighted)
