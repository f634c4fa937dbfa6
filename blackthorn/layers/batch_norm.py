"""Batch normalisation that stands alone, since no convolution comes before it that could take it in."""

import math
from typing import ClassVar

from blackthorn.layers.axes import SIZE, along
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_dimensions, image_shape
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

PARAMETERS = 4
"""Scale, bias, mean and variance of every channel."""


class BatchNorm(LayerKind):
    """Every channel scaled and shifted by numbers of its own, with the ReLU that follows it as a rule.

    In the blocked layout ONNX Runtime runs it as a depthwise convolution of kernel 1.
    """

    name: ClassVar[str] = "batch_norm"
    operators: ClassVar[frozenset[str]] = frozenset({"BatchNormalization", "Conv"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 1, 1024),
        *along(SIZE, 32, 224),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS
    channelwise = "channels"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        image = image_shape(dimensions)
        parameters = (Weights((dimensions["channels"],)),) * PARAMETERS
        return ProbeLayer(
            "BatchNormalization", (Activations(image), *parameters), (image,), shared_input=True, blocked=True, reader="Relu"
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        data = input_shape(node)
        if node.op_type != "BatchNormalization" or not data or len(data) < 2 or data != output_shape(node):
            return None
        height, width = (data[2], math.prod(data[3:])) if len(data) > 2 else (1, 1)
        return image_dimensions((*data[:2], height, width))
