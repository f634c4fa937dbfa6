"""Dense (fully connected) layers: a matrix product with weights."""

from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.products import PRODUCT_OPERATORS, Product, read_product
from blackthorn.records import Dimensions, OnnxNode


class Dense(LayerKind):
    """`rows` vectors (batch, or words of a text) of `inputs` numbers, each times a matrix that gives `outputs` numbers."""

    name: ClassVar[str] = "dense"
    fetches_weights: ClassVar[bool] = True
    usual_copies: ClassVar[int] = 16
    """Every weight serves once a row, so fetching it is all: of 1024 x 1000, 4 copies (16 MB) took 0.22 ms where the last layer
    of a network took 0.36, 8 took 0.33 and 16 took 0.42. Runners that can empty caches need no copies for that."""
    operators: ClassVar[frozenset[str]] = PRODUCT_OPERATORS
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("outputs", 1024, 1, 4096),
        Dimension("inputs", 1024, 1, 4096),
        Dimension("rows", 1, 1, 1024),
    )

    def macs(self, dimensions: Dimensions) -> int:
        return dimensions["rows"] * dimensions["inputs"] * dimensions["outputs"]

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, inputs, outputs = (dimensions[name] for name in ("rows", "inputs", "outputs"))
        return ProbeLayer(
            operator="Gemm",
            inputs=(Activations((rows, inputs)), Weights((outputs, inputs)), Weights((outputs,))),
            outputs=((rows, outputs),),
            attributes={"transB": 1},
            shared_input=True,
            reader="Relu",
        )

    def product(self, node: OnnxNode) -> Product | None:
        """The matrix product that a node is, with weights or without; None where it is none of the kind's operators."""
        return read_product(node)

    def read(self, node: OnnxNode) -> Dimensions | None:
        product = self.product(node)
        if product is None or not product.weighted:
            return None
        return {"outputs": product.columns, "inputs": product.inner, "rows": product.batch * product.rows}
