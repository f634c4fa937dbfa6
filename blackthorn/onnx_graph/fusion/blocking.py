"""A layout in which the channels of images come in blocks, and the nodes that change into it and back.

Vector instructions work on a block of channels at once, so a runtime keeps images as (batch, blocks, height, width, block)
where it can. Convolutions and pools go into that layout by themselves; what follows stays in it if it can work on it; where
something reads the image that cannot, a node changes it back.
"""

from collections.abc import Mapping

import msgspec

from blackthorn.onnx_graph.fusion.fusing import Fuse, fuse_first
from blackthorn.onnx_graph.fusion.wiring import Wiring
from blackthorn.onnx_graph.resolving import ResolvedNode
from blackthorn.onnx_graph.tensors import FLOAT, Shape, Tensor, elements

REORDER_INPUT, REORDER_OUTPUT = "ReorderInput", "ReorderOutput"
"""Operators of the nodes that change the layout, by the names that ONNX Runtime gives them."""
WINDOW_POOLS = frozenset(("AveragePool", "MaxPool"))
GLOBAL_POOLS = frozenset(("GlobalAveragePool", "GlobalMaxPool"))
TO_CHANNELS_LAST, FROM_CHANNELS_LAST = (0, 2, 3, 1), (0, 3, 1, 2)


class Block(msgspec.Struct, frozen=True):
    """Images go into blocks of channels where that is possible.

    Attributes:
        size: channels in a block.
        granule: images that go in need a multiple of so many channels; what comes out of convolutions may have any number.
        joins: what convolutions in the layout take in.
        works: operators that work on blocks as on anything else, element by element.
    """

    size: int
    granule: int
    joins: tuple[Fuse, ...]
    works: frozenset[str]

    def apply(self, wiring: Wiring) -> None:
        """Change the layout."""
        blocking = _Blocking(self, wiring)
        for key in wiring.in_order():
            if key in wiring:
                blocking.visit(key)
        blocking.leave()


class _Blocking:
    """One pass through a network, in the order in which it runs."""

    def __init__(self, rule: Block, wiring: Wiring) -> None:
        self._rule = rule
        self._wiring = wiring
        self._blocked: dict[int, Tensor] = {}
        self._entered: dict[int, Tensor] = {}
        self._inside: set[int] = set()

    def visit(self, key: int) -> None:
        """Bring one node into the layout, if it can be; everything before it has been visited."""
        node = self._wiring.node(key)
        image = node.inputs[0] if node.inputs else None
        if image is None or len(node.outputs) > 1:
            return
        if node.op_type == "Conv":
            self._visit_convolution(key, node, image)
        elif node.op_type in WINDOW_POOLS or (node.op_type in GLOBAL_POOLS and self._is_here_or_given(image)):
            if _is_image(image) and _channels(image) % self._rule.size == 0:
                self._bring_in(key, self._entering(key, image))
        elif all(tensor is None or tensor.constant or tensor.identity in self._blocked for tensor in node.inputs):
            self._visit_follower(key, node)

    def leave(self) -> None:
        """Change the layout back for everything outside of it."""
        wiring, instead = self._wiring, {}
        for identity, tensor in self._blocked.items():
            if wiring.is_result(tensor) or not wiring.readers(tensor).keys() <= self._inside:
                instead[identity] = wiring.new_tensor(tensor)
        wiring.redirect(instead, sparing=self._inside)
        for identity, plain in instead.items():
            giver = wiring.giver(self._blocked[identity])
            if giver is not None:
                name = f"{wiring.node(giver).name}/{REORDER_OUTPUT}"
                node = ResolvedNode(name, REORDER_OUTPUT, {}, (self._blocked[identity],), (plain,), 0)
                wiring.add(node, wiring.place(giver))

    def _is_here_or_given(self, image: Tensor) -> bool:
        """Whether an image is in the layout already, or an input of the network.

        Of other images ONNX Runtime takes no global pool into the layout; why it takes in those of inputs is not known.
        """
        return image.identity in self._blocked or self._wiring.giver(image) is None

    def _visit_convolution(self, key: int, node: ResolvedNode, image: Tensor) -> None:
        weights = node.inputs[1] if len(node.inputs) > 1 else None
        if weights is None or not weights.constant or not _is_image(weights) or not _is_image(image):
            return
        filters, channels, *_ = _sizes(weights)
        groups = node.attributes.get("group", 1)
        if groups == 1 and channels < self._rule.size:  # its kernel takes the image as it is
            self._give(key)
        elif self._fits(groups, filters, channels):
            self._bring_in(key, self._entering(key, image))

    def _fits(self, groups: object, filters: int, channels: int) -> bool:
        """Whether there is a kernel for a convolution of that many channels to a group, and filters in all."""
        if not isinstance(groups, int) or groups < 1:
            return False
        if groups == 1:
            return channels % self._rule.granule == 0
        if channels == 1 and filters == groups:
            return filters % self._rule.granule == 0
        return channels % self._rule.size == 0 and filters // groups % self._rule.size == 0

    def _visit_follower(self, key: int, node: ResolvedNode) -> None:
        """A node whose inputs are constants or in the layout already."""
        images = [tensor for tensor in node.inputs if tensor is not None and not tensor.constant]
        all_blocked = len(images) == len(node.inputs)
        is_alike = all_blocked and len({tensor.shape for tensor in images}) == 1
        joined = fuse_first(self._rule.joins, self._wiring, key) if is_alike else None
        if joined is not None:
            self._keep(joined)
        elif node.op_type in self._rule.works and is_alike:
            self._keep(key)
        elif node.op_type == "Concat":
            if all_blocked and is_concatenation_of_blocks(node, images, self._rule.size):
                self._keep(key)
        elif node.op_type in ("Resize", "Upsample"):
            if is_whole_enlargement(node):
                self._keep(key)
        elif node.op_type == "BatchNormalization" or (node.op_type == "Mul" and is_scale_by_channel(node, images)):
            self._keep(self._as_convolution(key, node, images[0]))
        elif node.op_type == "Transpose" and node.attributes.get("perm") == TO_CHANNELS_LAST:
            self._inside.add(self._wiring.replace([key], _as_reorder(node, REORDER_OUTPUT), self._wiring.place(key)))

    def _as_convolution(self, key: int, node: ResolvedNode, image: Tensor) -> int:
        """A factor and an offset for each channel: a convolution of 1x1 with one filter to a channel."""
        channels = _channels(image)
        weights = Tensor((channels, 1, 1, 1), FLOAT, constant=True)
        convolution = msgspec.structs.replace(
            node, op_type="Conv", attributes={"group": channels}, inputs=(image, weights), macs=elements(_sizes(image))
        )
        return self._wiring.replace([key], convolution, self._wiring.place(key))

    def _entering(self, key: int, image: Tensor) -> Tensor:
        """The image in blocks."""
        if image.identity in self._blocked:
            return image
        if image.identity not in self._entered:
            self._entered[image.identity] = self._reordered(key, image)
        return self._entered[image.identity]

    def _reordered(self, key: int, image: Tensor) -> Tensor:
        """A new node that changes the layout before the node that wants it; one from channels last does so in one go."""
        wiring, place = self._wiring, self._wiring.place(key)
        name = f"{wiring.node(key).name}/{REORDER_INPUT}"
        blocks = wiring.new_tensor(image)
        node = ResolvedNode(name, REORDER_INPUT, {}, (image,), (blocks,), 0)
        giver = wiring.giver(image)
        if giver is not None and len(wiring.readers(image)) == 1 and not wiring.is_result(image):
            before = wiring.node(giver)
            if before.op_type == "Transpose" and before.attributes.get("perm") == FROM_CHANNELS_LAST:
                wiring.remove(giver)
                node = msgspec.structs.replace(_as_reorder(before, REORDER_INPUT), name=name, outputs=(blocks,))
        wiring.add(node, place)
        return blocks

    def _bring_in(self, key: int, image: Tensor) -> None:
        """Let a node read an image in blocks, and give one."""
        node = self._wiring.node(key)
        changed = msgspec.structs.replace(node, inputs=(image, *node.inputs[1:]))
        self._keep(self._wiring.replace([key], changed, self._wiring.place(key)))

    def _keep(self, key: int) -> None:
        """A node reads blocks, and gives blocks."""
        self._inside.add(key)
        self._give(key)

    def _give(self, key: int) -> None:
        """A node gives blocks."""
        tensor = self._wiring.node(key).outputs[0]
        self._blocked[tensor.identity] = tensor


def is_concatenation_of_blocks(node: ResolvedNode, images: list[Tensor], size: int) -> bool:
    """Whether images are joined along their channels, block by block."""
    return node.attributes.get("axis") in (1, -3) and all(_is_image(image) and _channels(image) % size == 0 for image in images)


def is_scale_by_channel(node: ResolvedNode, images: list[Tensor]) -> bool:
    """Whether an image is multiplied with a constant for each channel."""
    if len(images) != 1 or not _is_image(images[0]):
        return False
    by_channel = (_channels(images[0]), 1, 1)
    factors = (tensor.shape for tensor in node.inputs if tensor is not None and tensor.constant)
    return any(shape in (by_channel, (1, *by_channel)) for shape in factors)


def is_whole_enlargement(node: ResolvedNode) -> bool:
    """Whether height and width grow by whole factors, in one of the ways that there are kernels for."""
    before, after = node.inputs[0], node.outputs[0]
    if before is None or not _is_image(before) or not _is_image(after) or _sizes(before)[:2] != _sizes(after)[:2]:
        return False
    whole = all(small and large % small == 0 for small, large in zip(_sizes(before)[2:], _sizes(after)[2:], strict=True))
    return whole and _is_known_enlargement(node)


def _is_known_enlargement(node: ResolvedNode) -> bool:
    ways: Mapping[str, object] = node.attributes
    if node.op_type == "Upsample":
        return ways.get("mode", "nearest") in ("nearest", "linear")
    where, mode = ways.get("coordinate_transformation_mode", "half_pixel"), ways.get("mode", "nearest")
    if mode == "nearest":
        return where == "asymmetric" and ways.get("nearest_mode", "round_prefer_floor") == "floor"
    return mode == "linear" and where in ("align_corners", "asymmetric", "half_pixel")


def _as_reorder(transpose: ResolvedNode, op_type: str) -> ResolvedNode:
    """A change of layout that also does what a transposition did."""
    return msgspec.structs.replace(transpose, op_type=op_type, attributes={})


def _is_image(tensor: Tensor) -> bool:
    """Whether it has four dimensions, all known, and single precision."""
    return tensor.element == FLOAT and tensor.shape is not None and len(tensor.shape) == 4


def _sizes(tensor: Tensor) -> Shape:
    """The shape of an image."""
    return tensor.shape or ()


def _channels(tensor: Tensor) -> int:
    return _sizes(tensor)[1]
