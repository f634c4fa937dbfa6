"""Matrix products of two computed sides, as in attention."""

from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.products import PRODUCT_OPERATORS, Product, read_product
from blackthorn.records import Dimensions, OnnxNode


class MatMul(LayerKind):
    """`batch` products (one for each head of an attention) of rows x inner with inner x columns."""

    name: ClassVar[str] = "matmul"
    operators: ClassVar[frozenset[str]] = PRODUCT_OPERATORS
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("rows", 128, 1, 1024),
        Dimension("inner", 64, 1, 1024),
        Dimension("columns", 128, 1, 1024),
        Dimension("batch", 8, 1, 64),
    )

    def macs(self, dimensions: Dimensions) -> int:
        return dimensions["batch"] * dimensions["rows"] * dimensions["inner"] * dimensions["columns"]

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        batch, rows, inner, columns = (dimensions[name] for name in ("batch", "rows", "inner", "columns"))
        return ProbeLayer(
            operator="MatMul",
            inputs=(Activations((batch, rows, inner)), Activations((batch, inner, columns))),
            outputs=((batch, rows, columns),),
        )

    def product(self, node: OnnxNode) -> Product | None:
        """The matrix product that a node is, with weights or without; None where it is none of the kind's operators."""
        return read_product(node)

    def read(self, node: OnnxNode) -> Dimensions | None:
        product = self.product(node)
        if product is None or product.weighted:
            return None
        return {"rows": product.rows, "inner": product.inner, "columns": product.columns, "batch": product.batch}
