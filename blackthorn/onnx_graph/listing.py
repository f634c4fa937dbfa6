"""Nodes as layers: every kind of layer is asked whether it knows a node."""

from collections.abc import Iterable, Mapping

from blackthorn.layers import LayerKind, layer_kinds
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import FLOAT, FLOAT16, UNDEFINED
from blackthorn.records import NetworkLayer, OnnxNode, Precision

PRECISIONS: Mapping[int, Precision] = {FLOAT: "fp32", FLOAT16: "fp16", UNDEFINED: "fp32"}
"""What is timed; layers of other element types are of no kind."""


def list_layers(nodes: Iterable[ResolvedNode]) -> tuple[NetworkLayer, ...]:
    """Nodes as layers, in order; what is worked out before the network runs is none."""
    kinds = layer_kinds()
    return tuple(_layer(node, kinds) for node in nodes if not node.folded)


def _layer(node: ResolvedNode, kinds: Mapping[str, LayerKind]) -> NetworkLayer:
    precision = PRECISIONS.get(node.outputs[0].element)
    if precision is None:
        return NetworkLayer(node.name, node.op_type, None, None, node.macs, nodes=node.members)
    seen = _as_record(node)
    for name, kind in kinds.items():
        dimensions = kind.read(seen)
        if dimensions is not None:
            return NetworkLayer(node.name, node.op_type, name, dimensions, kind.macs(dimensions), precision, node.members)
    return NetworkLayer(node.name, node.op_type, None, None, node.macs, precision, node.members)


def _as_record(node: ResolvedNode) -> OnnxNode:
    simple = {key: value for key, value in node.attributes.items() if isinstance(value, (int, float, str, tuple))}
    inputs = tuple(None if tensor is None else tensor.shape for tensor in node.inputs)
    outputs = tuple(tensor.shape for tensor in node.outputs)
    constant = tuple(tensor is not None and tensor.constant for tensor in node.inputs)
    return OnnxNode(node.name, node.op_type, inputs, outputs, simple, constant)
