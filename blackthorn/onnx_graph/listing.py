"""Nodes as layers: every kind of layer is asked whether it knows a node."""

from collections.abc import Iterable, Mapping

from blackthorn.layers import LayerKind, layer_kinds
from blackthorn.layers.onnx_probe import number_bytes
from blackthorn.onnx_graph.resolving import ResolvedNode, running
from blackthorn.onnx_graph.tensors import DTYPES, FLOAT, FLOAT16, UNDEFINED, Tensor
from blackthorn.records import Dimensions, NetworkLayer, OnnxNode, Precision

PRECISIONS: Mapping[int, Precision] = {FLOAT: "fp32", FLOAT16: "fp16", UNDEFINED: "fp32"}
"""What is timed of fractions; a layer that gives others, such as double precision, is of no kind."""
WHOLE = frozenset(element for element, dtype in DTYPES.items() if dtype.kind in "biu")
"""Whole numbers and truth values."""


def list_layers(nodes: Iterable[ResolvedNode]) -> tuple[NetworkLayer, ...]:
    """Nodes as layers, in order; what is worked out before the network runs is none."""
    kinds = layer_kinds()
    return tuple(_layer(node, times, kinds) for node, times in running(nodes))


def _layer(node: ResolvedNode, times: int, kinds: Mapping[str, LayerKind]) -> NetworkLayer:
    """One layer that runs so many times."""
    precision = _precision(node)
    if node.outputs[0].element in PRECISIONS or node.outputs[0].element in WHOLE:
        seen = _as_record(node)
        for name, kind in kinds.items():
            dimensions = _read(kind, seen, node)
            if dimensions is not None:
                work = times * kind.macs(dimensions)
                return NetworkLayer(node.name, node.op_type, name, dimensions, work, precision, node.members, times)
    return NetworkLayer(node.name, node.op_type, None, None, times * node.macs, precision, node.members, times)


def _precision(node: ResolvedNode) -> Precision:
    """That of the fractions that a layer gives or takes; whole numbers alone count as fp32, whose kernels they share."""
    return next((PRECISIONS[tensor.element] for tensor in _mainly(node) if tensor.element in PRECISIONS), "fp32")


def _mainly(node: ResolvedNode) -> Iterable[Tensor]:
    """What a node gives and its first input; other inputs may be indices, sizes or conditions."""
    return (tensor for tensor in (node.outputs[0], *node.inputs[:1]) if tensor is not None)


def _read(kind: LayerKind, seen: OnnxNode, node: ResolvedNode) -> Dimensions | None:
    """A node as a layer of a kind; whole numbers only where the kind works on such, or where they are memory to it."""
    if node.outputs[0].element not in WHOLE or kind.gives_whole:
        return kind.read(seen)
    dimensions = None if kind.stretch is None else kind.read(seen)
    if kind.stretch is None or dimensions is None:
        return None
    widest = max(DTYPES[tensor.element].itemsize for tensor in _mainly(node) if tensor.element in DTYPES)
    numbers = -(-dimensions[kind.stretch] * widest // number_bytes("", _precision(node)))
    return dimensions | {kind.stretch: max(numbers, kind.dimension(kind.stretch).lowest)}


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
