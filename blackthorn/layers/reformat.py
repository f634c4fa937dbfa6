"""Copies of images into another layout, which TensorRT puts in by itself, before and behind kernels that take channels last."""

from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_dimensions, image_shape
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.shapes import input_shape
from blackthorn.records import Dimensions, OnnxNode


class Reformat(LayerKind):
    """`channels` x `height` x `width` brought from one channel after the other to one pixel after the other, or back.

    No file holds such a copy and none can ask for it; the probe holds the transposition that does the same.
    """

    name: ClassVar[str] = "reformat"
    operators: ClassVar[frozenset[str]] = frozenset({"Reformat", "Transpose"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 2, 2048),
        Dimension("height", 28, 2, 224),
        Dimension("width", "height", 1, 224),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        batch, channels, height, width = image_shape(dimensions)
        inputs = (Activations((batch, channels, height, width)),)
        return ProbeLayer("Transpose", inputs, ((batch, height, width, channels),), {"perm": [0, 2, 3, 1]})

    def read(self, node: OnnxNode) -> Dimensions | None:
        image = input_shape(node, 0, 4)
        if node.op_type != "Reformat" or image is None:
            return None
        found = image_dimensions(image)
        return found if all(found[each.name] >= each.lowest for each in self.dimensions) else None
