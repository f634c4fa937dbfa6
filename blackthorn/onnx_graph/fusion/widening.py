"""Convolutions of one image that differ in their filters only, run as one with the filters of all."""

from collections import defaultdict
from collections.abc import Hashable

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.messages import Graph, Reference
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Shape, Tensor


class Widen(msgspec.Struct, frozen=True):
    """Nodes of an operator that read one image, with weights of one shape beside the number of filters, become one.

    It gives the images of all filters together, and after that, as parts of it, what each of the nodes gave.
    """

    op_type: str

    def apply(self, wiring: Wiring) -> None:
        """Widen them all."""
        alike: dict[Hashable, list[int]] = defaultdict(list)
        for key in wiring.in_order([self.op_type]):
            task = _task(wiring.node(key))
            if task is not None:
                alike[task].append(key)
        for keys in alike.values():
            if len(keys) > 1:
                wiring.replace(keys, _widened(wiring, [wiring.node(key) for key in keys]), wiring.place(keys[0]))


def _task(node: ResolvedNode) -> Hashable | None:
    """What convolutions share that can run as one; None for those that cannot: with groups, or with a sum taken in."""
    image, weights = (*node.inputs, None, None)[:2]
    if image is None or weights is None or not weights.constant or weights.shape is None or node.outputs[0].shape is None:
        return None
    if len(node.outputs) > 1 or node.also_reads or node.attributes.get("group", 1) != 1:
        return None
    if any(isinstance(value, (Graph, Reference, Tensor)) for value in node.attributes.values()):
        return None
    return image.identity, weights.shape[1:], len(node.inputs), frozenset(node.attributes.items())


def _widened(wiring: Wiring, nodes: list[ResolvedNode]) -> ResolvedNode:
    """One node with the filters of several."""
    first = nodes[0]
    image, weights, *rest = first.inputs
    shapes = [_shape(node.inputs[1]) for node in nodes]
    filters = sum(shape[0] for shape in shapes)
    batch, _, *sizes = _shape(first.outputs[0])
    return msgspec.structs.replace(
        first,
        inputs=(image, Tensor((filters, *shapes[0][1:]), weights.element if weights else 0, constant=True), *rest),
        outputs=(wiring.new_tensor(first.outputs[0], (batch, filters, *sizes)), *(node.outputs[0] for node in nodes)),
        macs=sum(node.macs for node in nodes),
        members=tuple(member for node in nodes for member in node.members),
    )


def _shape(tensor: Tensor | None) -> Shape:
    return () if tensor is None or tensor.shape is None else tensor.shape
