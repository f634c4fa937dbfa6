"""Images that are written where they are needed, and those that are copied there: in another layout, or side by side."""

from math import prod

import msgspec

from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import FLOAT16, Tensor

REFORMAT = "Reformat"
"""Operator of the nodes that copy an image, by the name that TensorRT gives them."""


class Reformat(msgspec.Struct, frozen=True):
    """Half-precision images whose channels lie side by side, as tensor cores take them.

    What convolutions and pools read is copied into that layout where the network's user gives it, and what they give is copied
    out of it for the user. A change of shape costs nothing, save that of an image in that layout: there it is a copy.

    Attributes:
        wants: operators whose images lie so.
        keeps: operators that give images in the layout in which they get them.
        reshapes: operators that give the same numbers in another shape.
    """

    wants: frozenset[str]
    keeps: frozenset[str]
    reshapes: frozenset[str]

    def apply(self, wiring: Wiring) -> None:
        """Put the copies in, and take out the changes of shape that cost nothing."""
        inside: dict[int, Tensor] = {}
        entered: dict[int, Tensor] = {}
        for key in wiring.in_order():
            node = wiring.node(key)
            if node.op_type in self.reshapes:
                _reshape(wiring, key, inside)
            elif node.op_type in self.wants and _is_half_image(node.outputs[0]):
                _bring_in(wiring, key, inside, entered)
                inside.update((tensor.identity, tensor) for tensor in node.outputs)
            elif node.op_type in self.keeps and any(tensor and tensor.identity in inside for tensor in node.inputs):
                inside.update((tensor.identity, tensor) for tensor in node.outputs if _is_half_image(tensor))
        _leave(wiring, inside)


def _bring_in(wiring: Wiring, key: int, inside: dict[int, Tensor], entered: dict[int, Tensor]) -> None:
    """Let a node read its image with channels last."""
    node = wiring.node(key)
    image = node.inputs[0]
    if image is None or image.identity in inside or not _is_half_image(image) or _pixels(image) == 1:
        return
    if image.identity not in entered:
        entered[image.identity] = wiring.new_tensor(image)
        copy = ResolvedNode(f"{node.name}/{REFORMAT}", REFORMAT, {}, (image,), (entered[image.identity],), 0)
        wiring.add(copy, wiring.place(key))
    wiring.replace([key], msgspec.structs.replace(node, inputs=(entered[image.identity], *node.inputs[1:])), wiring.place(key))


def _reshape(wiring: Wiring, key: int, inside: dict[int, Tensor]) -> None:
    """Take a change of shape out, unless its numbers have to be brought into another order."""
    node = wiring.node(key)
    image, given = node.inputs[0], node.outputs[0]
    if image is None or (image.identity in inside and min(_pixels(image), _channels(image)) > 1):
        return
    wiring.redirect({given.identity: msgspec.structs.replace(given, identity=image.identity)})
    wiring.remove(key)


def _leave(wiring: Wiring, inside: dict[int, Tensor]) -> None:
    """Copy the images that the network gives to its user."""
    for identity, image in inside.items():
        giver = wiring.giver(image)
        if giver is not None and wiring.is_result(image) and min(_pixels(image), _channels(image)) > 1:
            plain = wiring.new_tensor(image)
            readers = set(wiring.readers(image))
            wiring.redirect({identity: plain}, sparing=readers)
            name = f"{wiring.node(giver).name}/{REFORMAT}Output"
            wiring.add(ResolvedNode(name, REFORMAT, {}, (image,), (plain,), 0), wiring.place(giver))


class JoinInPlace(msgspec.Struct, frozen=True):
    """A Concat of images along their channels goes: what it joins is written side by side at once.

    A copy remains of an image that something else reads too, that no node gives, or that a convolution adds to another.
    """

    def apply(self, wiring: Wiring) -> None:
        """Take them all out, those that join what others join first."""
        for key in reversed(wiring.in_order(["Concat"])):
            node = wiring.node(key)
            if _joins_images(node) and not wiring.is_result(node.outputs[0]):
                _join(wiring, key, node)


def _joins_images(node: ResolvedNode) -> bool:
    given = node.outputs[0].shape
    return given is not None and len(given) >= 4 and node.attributes.get("axis") in (1, 1 - len(given))


def _join(wiring: Wiring, key: int, node: ResolvedNode) -> None:
    place = wiring.place(key)
    written = []
    for index, image in enumerate(node.inputs):
        if image is not None and _needs_copy(wiring, key, image):
            copied = wiring.new_tensor(image)
            name = f"{node.name}/{REFORMAT}_{index}"
            wiring.add(ResolvedNode(name, REFORMAT, {}, (image,), (copied,), 0, node.also_reads, node.members), place)
            written.append(copied.identity)
        elif image is not None:
            written.append(image.identity)
    for reader in list(wiring.readers(node.outputs[0])):
        after = wiring.node(reader)
        wiring.replace([reader], msgspec.structs.replace(after, also_reads=(*after.also_reads, *written)), wiring.place(reader))
    wiring.remove(key)


def _needs_copy(wiring: Wiring, key: int, image: Tensor) -> bool:
    giver = wiring.giver(image)
    is_shared = wiring.is_result(image) or wiring.readers(image) != {key: 1}
    return giver is None or is_shared or bool(wiring.node(giver).also_reads)


def _is_half_image(tensor: Tensor) -> bool:
    """Whether it has four dimensions or more, all known, and half precision."""
    return tensor.element == FLOAT16 and tensor.shape is not None and len(tensor.shape) >= 4


def _channels(tensor: Tensor) -> int:
    return 1 if tensor.shape is None or len(tensor.shape) < 2 else tensor.shape[1]


def _pixels(tensor: Tensor) -> int:
    return 1 if tensor.shape is None else prod(tensor.shape[2:])
