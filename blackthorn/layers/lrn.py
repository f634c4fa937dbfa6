"""Local response normalisation over neighbouring channels (AlexNet, GoogLeNet)."""

from typing import ClassVar

from blackthorn.errors import BadValue
from blackthorn.layers.axes import SIZE, along
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_dimensions, image_shape
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.shapes import input_shape, whole_attribute
from blackthorn.records import Dimensions, OnnxNode


class Lrn(LayerKind):
    """Every number divided by a power of the sum of squares over the `window` channels around it."""

    name: ClassVar[str] = "lrn"
    operators: ClassVar[frozenset[str]] = frozenset({"LRN"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 1, 512),
        *along(SIZE, 28, 112),
        Dimension("batch", 1, 1, 64),
        Dimension("window", 5, 1, 15),
    )
    shorthands = IMAGE_SHORTHANDS

    def check(self, dimensions: Dimensions) -> None:
        window = dimensions["window"]
        if window % 2 == 0:
            raise BadValue(f"window={window} has no channel in its middle", f"use an odd one, such as {window + 1}")

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        image = image_shape(dimensions)
        return ProbeLayer("LRN", (Activations(image),), (image,), {"size": dimensions["window"]})

    def read(self, node: OnnxNode) -> Dimensions | None:
        image, window = input_shape(node, 0, 4), whole_attribute(node, "size", 0)
        if node.op_type != "LRN" or image is None or window is None or window < 1 or window % 2 == 0:
            return None
        return image_dimensions(image) | {"window": window}
