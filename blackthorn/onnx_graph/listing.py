"""Nodes as layers: every kind of layer is asked whether it knows a node."""

from collections.abc import Iterable, Mapping

from blackthorn.layers import LayerKind, layer_kinds
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import DTYPES, FLOAT, FLOAT16, UNDEFINED, Tensor
from blackthorn.records import Dimensions, NetworkLayer, OnnxNode, Precision

PRECISIONS: Mapping[int, Precision] = {FLOAT: "fp32", FLOAT16: "fp16", UNDEFINED: "fp32"}
"""What is timed of fractions; a layer that gives others, such as double precision, is of no kind."""
WHOLE: Mapping[int, int] = {element: dtype.itemsize for element, dtype in DTYPES.items() if dtype.kind in "biu"}
"""Bytes of whole numbers and truth values; layers that give such count as fp32, whose kernels they share."""
SINGLE_BYTES = 4


def list_layers(nodes: Iterable[ResolvedNode]) -> tuple[NetworkLayer, ...]:
    """Nodes as layers, in order; what is worked out before the network runs is none."""
    kinds = layer_kinds()
    return tuple(_layer(node, kinds) for node in nodes if not node.folded)


def _layer(node: ResolvedNode, kinds: Mapping[str, LayerKind]) -> NetworkLayer:
    element = node.outputs[0].element
    precision = PRECISIONS.get(element, "fp32")
    if element in PRECISIONS or element in WHOLE:
        seen = _as_record(node)
        for name, kind in kinds.items():
            dimensions = _whole(kind, seen, node) if element in WHOLE else kind.read(seen)
            if dimensions is not None:
                return NetworkLayer(node.name, node.op_type, name, dimensions, kind.macs(dimensions), precision, node.members)
    return NetworkLayer(node.name, node.op_type, None, None, node.macs, precision, node.members)


def _whole(kind: LayerKind, seen: OnnxNode, node: ResolvedNode) -> Dimensions | None:
    """A node that gives whole numbers, as a layer of a kind that works on such, or to which they are memory."""
    if kind.gives_whole or kind.stretch is None:
        return kind.read(seen) if kind.gives_whole else None
    dimensions = kind.read(seen)
    if dimensions is None:
        return None
    widest = max(WHOLE.get(tensor.element, SINGLE_BYTES) for tensor in _mainly(node))
    numbers = -(-dimensions[kind.stretch] * widest // SINGLE_BYTES)
    return dimensions | {kind.stretch: max(numbers, kind.dimension(kind.stretch).lowest)}


def _mainly(node: ResolvedNode) -> Iterable[Tensor]:
    """What a node's bytes are counted by: its first input and output; others may be indices or conditions."""
    return (tensor for tensor in (*node.inputs[:1], node.outputs[0]) if tensor is not None)


def _as_record(node: ResolvedNode) -> OnnxNode:
    simple = {key: value for key, value in node.attributes.items() if isinstance(value, (int, float, str, tuple))}
    inputs = tuple(None if tensor is None else tensor.shape for tensor in node.inputs)
    outputs = tuple(tensor.shape for tensor in node.outputs)
    constant = tuple(tensor is not None and tensor.constant for tensor in node.inputs)
    return OnnxNode(node.name, node.op_type, inputs, outputs, simple, constant, tuple(map(_element, node.inputs)))


def _element(tensor: Tensor | None) -> str:
    """The element type as numpy names it; empty where it has none."""
    dtype = None if tensor is None else DTYPES.get(tensor.element)
    return "" if dtype is None else dtype.name
