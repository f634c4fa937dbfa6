"""The layout of images with their channels last, and the transpositions into it and back.

Kernels of 8 bits convolve pixel by pixel, all channels of one next to each other. What follows a convolution stays in that
layout if it can work on it; where something reads the image that cannot, a transposition runs before.
"""

from collections.abc import Mapping

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import Tensor

TO_CHANNELS_LAST, FROM_CHANNELS_LAST = (0, 2, 3, 1), (0, 3, 1, 2)
IMAGE_RANK = 4


class ChannelsLast(msgspec.Struct, frozen=True):
    """Images of some kernels have their channels last.

    Shapes are told as they are in the file, with channels second, whichever way the numbers lie, but for renamed operators.

    Attributes:
        kernels: operators that take and give images in this layout alone.
        works: operators that work on it, too, if all images that they read are in it.
        renamed: what operators of other kernels for this layout become, whose shapes are told with channels last.
    """

    kernels: frozenset[str]
    works: frozenset[str]
    renamed: Mapping[str, str]

    def apply(self, wiring: Wiring) -> None:
        """Put the transpositions in."""
        turned: set[int] = set()
        entered: dict[int, Tensor] = {}
        for key in wiring.in_order(self.kernels | self.works):
            node = wiring.node(key)
            if node.op_type in self.kernels and _is_image(node.outputs[0]):
                self._enter(wiring, key, turned, entered)
            elif not _stays(node, turned):
                continue
            turned.update(tensor.identity for tensor in node.outputs)
        inside = {key for key in wiring.in_order(self.kernels | self.works) if wiring.node(key).outputs[0].identity in turned}
        for key in sorted(inside):
            _leave(wiring, key, inside)
        for key in sorted(inside):
            node = wiring.node(key)
            if node.op_type in self.renamed:
                wiring.replace([key], _turned(node, self.renamed[node.op_type]), wiring.place(key))

    def _enter(self, wiring: Wiring, key: int, turned: set[int], entered: dict[int, Tensor]) -> None:
        """Let a kernel read its image channels last."""
        node, place = wiring.node(key), wiring.place(key)
        image = node.inputs[0]
        if image is None or image.identity in turned:
            return
        if image.identity not in entered:
            entered[image.identity] = wiring.new_tensor(image)
            _transpose(wiring, f"{node.name}/channels_last", image, entered[image.identity], TO_CHANNELS_LAST, place)
        wiring.replace([key], msgspec.structs.replace(node, inputs=(entered[image.identity], *node.inputs[1:])), place)


def _leave(wiring: Wiring, key: int, inside: set[int]) -> None:
    """Let what works on channels second read what a node gives so, and the network give it so."""
    node = wiring.node(key)
    for tensor in node.outputs:
        others = wiring.readers(tensor).keys() - inside
        if others or wiring.is_result(tensor):
            back = wiring.new_tensor(tensor)
            wiring.redirect({tensor.identity: back}, sparing=inside)
            _transpose(wiring, f"{node.name}/channels_second", tensor, back, FROM_CHANNELS_LAST, wiring.place(key))


def _transpose(wiring: Wiring, name: str, before: Tensor, after: Tensor, order: tuple[int, ...], place: int) -> None:
    wiring.add(ResolvedNode(name, "Transpose", {"perm": order}, (before,), (after,), 0), place)


def _stays(node: ResolvedNode, turned: set[int]) -> bool:
    """Whether an operator reads images in the layout, and no others."""
    images = [tensor for tensor in node.inputs if tensor is not None and not tensor.constant]
    return bool(images) and all(tensor.identity in turned and _is_image(tensor) for tensor in images)


def _turned(node: ResolvedNode, operator: str) -> ResolvedNode:
    """A node under another name, its image and its result told with channels last."""
    inputs = tuple(None if tensor is None else _told_last(tensor) for tensor in node.inputs)
    return msgspec.structs.replace(node, op_type=operator, inputs=inputs, outputs=tuple(map(_told_last, node.outputs)))


def _told_last(tensor: Tensor) -> Tensor:
    if tensor.shape is None or not _is_image(tensor):
        return tensor
    return msgspec.structs.replace(tensor, shape=tuple(tensor.shape[axis] for axis in TO_CHANNELS_LAST))


def _is_image(tensor: Tensor) -> bool:
    return tensor.shape is not None and len(tensor.shape) == IMAGE_RANK
