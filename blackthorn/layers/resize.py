"""Images made larger or smaller, by copying pixels or by mixing them."""

from typing import ClassVar

import numpy as np

from blackthorn.layers.axes import SIZE, along
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_dimensions, image_shape
from blackthorn.layers.onnx_probe import Activations, Given, LeftOut, ProbeLayer
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.layers.windows import positions
from blackthorn.records import Dimensions, OnnxNode

FACTOR = 2
"""By how much a probe enlarges: the usual step of decoders and feature pyramids."""


class Resize(LayerKind):
    """An image of `channels` x `height` x `width`, those of the result, made from a smaller one.

    By what factor it grows hardly matters: the work is done for every pixel of the result.
    """

    mode: ClassVar[str]
    rounding: ClassVar[dict[str, str]] = {}
    """Attributes that the mode needs besides."""
    operators: ClassVar[frozenset[str]] = frozenset({"Resize", "Upsample"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 1, 512),
        *along(SIZE, 56, 224),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS
    channelwise = "channels"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        image = image_shape(dimensions)
        smaller = (*image[:2], *(positions(size, FACTOR) for size in image[2:]))
        inputs = (Activations(smaller), LeftOut(), LeftOut(), Given(np.array(image, np.int64)))
        return ProbeLayer(
            "Resize", inputs, (image,), {"mode": self.mode, "coordinate_transformation_mode": "asymmetric", **self.rounding}
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        given, image = input_shape(node, 0, 4), output_shape(node, 0, 4)
        if node.op_type not in self.operators or given is None or image is None:
            return None
        return image_dimensions(image) if node.attributes.get("mode", "nearest") == self.mode else None


class ResizeNearest(Resize):
    """Every pixel is the nearest one of the input."""

    name: ClassVar[str] = "resize_nearest"
    mode: ClassVar[str] = "nearest"
    rounding: ClassVar[dict[str, str]] = {"nearest_mode": "floor"}


class ResizeLinear(Resize):
    """Every pixel is mixed from the four nearest ones of the input."""

    name: ClassVar[str] = "resize_linear"
    mode: ClassVar[str] = "linear"


class ResizeCubic(Resize):
    """Every pixel is mixed from the sixteen nearest ones of the input, at 200 ns a pixel, where mixing four takes 2.8."""

    name: ClassVar[str] = "resize_cubic"
    mode: ClassVar[str] = "cubic"
