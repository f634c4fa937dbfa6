"""Channels turned into pixels and back, as networks do that enlarge images or take them in.

Nanoseconds a number of ONNX Runtime 1.32: 2.5 to 6.5 from channels to pixels, 0.9 to 1 back.
"""

from typing import ClassVar

from blackthorn.layers.axes import SIZE, along
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_dimensions, image_shape
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.shapes import Shape, input_shape, output_shape, whole_attribute
from blackthorn.records import Dimensions, OnnxNode


class Shuffle(LayerKind):
    """A change between `channels` of (height block) x (width block) and channels block^2 of `height` x `width`."""

    operator: ClassVar[str]
    enlarges: ClassVar[bool]
    """Whether the image of many channels is what goes in."""
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 16, 1, 512),
        *along(SIZE, 40, 224),
        Dimension("batch", 1, 1, 64),
        Dimension("block", 2, 1, 8),
    )
    shorthands = IMAGE_SHORTHANDS
    channelwise = "channels"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        deep, wide = _deep(dimensions), _wide(dimensions)
        before, after = (deep, wide) if self.enlarges else (wide, deep)
        return ProbeLayer(self.operator, (Activations(before),), (after,), {"blocksize": dimensions["block"]})

    def read(self, node: OnnxNode) -> Dimensions | None:
        before, after, block = input_shape(node, 0, 4), output_shape(node, 0, 4), whole_attribute(node, "blocksize", 0)
        if node.op_type != self.operator or not before or not after or block is None or block < 1:
            return None
        deep, wide = (before, after) if self.enlarges else (after, before)
        dimensions = image_dimensions((deep[0], wide[1], *deep[2:])) | {"block": block}
        return dimensions if (deep, wide) == (_deep(dimensions), _wide(dimensions)) else None


class DepthToSpace(Shuffle):
    """From many channels to a large image."""

    name: ClassVar[str] = "depth_to_space"
    operator: ClassVar[str] = "DepthToSpace"
    operators: ClassVar[frozenset[str]] = frozenset({"DepthToSpace"})
    enlarges: ClassVar[bool] = True


class SpaceToDepth(Shuffle):
    """From a large image to many channels."""

    name: ClassVar[str] = "space_to_depth"
    operator: ClassVar[str] = "SpaceToDepth"
    operators: ClassVar[frozenset[str]] = frozenset({"SpaceToDepth"})
    enlarges: ClassVar[bool] = False


def _deep(dimensions: Dimensions) -> Shape:
    """The shape of the image of many channels."""
    batch, channels, *sizes = image_shape(dimensions)
    return (batch, channels * dimensions["block"] ** 2, *sizes)


def _wide(dimensions: Dimensions) -> Shape:
    """The shape of the large image."""
    batch, channels, *sizes = image_shape(dimensions)
    return (batch, channels, *(size * dimensions["block"] for size in sizes))
