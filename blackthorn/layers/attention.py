"""Attention as one operator, which optimisers make of the products and softmaxes that exporters write."""

from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import MICROSOFT, Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape, whole_attribute
from blackthorn.records import Dimensions, OnnxNode

PROJECTIONS = 3
"""Queries, keys and values."""
HEADS = Dimension("heads", 8, 1, 32)
HEAD_SIZE = Dimension("head_size", 64, 1, 256)
BATCH = Dimension("batch", 1, 1, 64)


class Attention(LayerKind):
    """`steps` vectors of `width` numbers turned into queries, keys and values of heads x head_size, each meeting all others."""

    repeated = {"keys": "steps"}
    name: ClassVar[str] = "attention"
    operators: ClassVar[frozenset[str]] = frozenset({"Attention"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("steps", 128, 1, 1024),
        Dimension("width", 512, 1, 2048),
        HEADS,
        HEAD_SIZE,
        BATCH,
    )

    def macs(self, dimensions: Dimensions) -> int:
        steps, width, batch = (dimensions[name] for name in ("steps", "width", "batch"))
        return batch * steps * _inner(dimensions) * (PROJECTIONS * width + 2 * steps)

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        steps, width, batch = (dimensions[name] for name in ("steps", "width", "batch"))
        columns = PROJECTIONS * _inner(dimensions)
        inputs = (Activations((batch, steps, width)), Weights((width, columns)), Weights((columns,)))
        output = (batch, steps, _inner(dimensions))
        return ProbeLayer(
            "Attention", inputs, (output,), {"num_heads": dimensions["heads"]}, domain=MICROSOFT, shared_input=True
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        data, weights, output = input_shape(node, 0, 3), input_shape(node, 1, 2), output_shape(node, 0, 3)
        heads = whole_attribute(node, "num_heads", 0)
        if node.op_type != "Attention" or not data or not weights or not output or not heads or heads < 1:
            return None
        batch, steps, width = data
        head_size, left_over = divmod(weights[1], PROJECTIONS * heads)
        if left_over or head_size < 1 or weights[0] != width or output != (batch, steps, heads * head_size):
            return None
        return {"steps": steps, "width": width, "heads": heads, "head_size": head_size, "batch": batch}


class MultiHeadAttention(LayerKind):
    """`queries` meeting `keys` and the values of these, head by head, all of them computed before."""

    name: ClassVar[str] = "multi_head_attention"
    operators: ClassVar[frozenset[str]] = frozenset({"Attention", "MultiHeadAttention"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("queries", 128, 1, 1024),
        Dimension("keys", "queries", 1, 1024),
        HEADS,
        HEAD_SIZE,
        BATCH,
    )

    def macs(self, dimensions: Dimensions) -> int:
        queries, keys, batch = (dimensions[name] for name in ("queries", "keys", "batch"))
        return 2 * batch * queries * keys * _inner(dimensions)

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        queries, keys, batch = (dimensions[name] for name in ("queries", "keys", "batch"))
        asking, asked = (batch, queries, _inner(dimensions)), (batch, keys, _inner(dimensions))
        inputs = (Activations(asking), Activations(asked), Activations(asked))
        return ProbeLayer("MultiHeadAttention", inputs, (asking,), {"num_heads": dimensions["heads"]}, domain=MICROSOFT)

    def read(self, node: OnnxNode) -> Dimensions | None:
        """Either ONNX Runtime's operator, whose heads are side by side, or ONNX's, which has them on an axis of their own."""
        asking, asked, values = (input_shape(node, place) for place in range(PROJECTIONS))
        if node.op_type not in self.operators or not asking or not asked or asked != values or len(asking) != len(asked):
            return None
        if node.op_type == "Attention" and len(asking) == 4:
            batch, heads, queries, head_size = asking
            fits = (asked[0], asked[3]) == (batch, head_size) and heads % asked[1] == 0
            return _found(queries, asked[2], heads, head_size, batch) if fits else None
        heads = whole_attribute(node, "num_heads" if node.op_type == "MultiHeadAttention" else "q_num_heads", 0) or 0
        if len(asking) != PROJECTIONS or heads < 1 or asking[2] % heads or (asking[0], asking[2]) != (asked[0], asked[2]):
            return None
        return _found(asking[1], asked[1], heads, asking[2] // heads, asking[0])


def _inner(dimensions: Dimensions) -> int:
    """Numbers of all heads side by side."""
    return dimensions["heads"] * dimensions["head_size"]


def _found(queries: int, keys: int, heads: int, head_size: int, batch: int) -> Dimensions:
    return {"queries": queries, "keys": keys, "heads": heads, "head_size": head_size, "batch": batch}
