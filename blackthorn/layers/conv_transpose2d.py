"""Transposed convolution, which makes images larger."""

import math
from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.convolution import check_groups
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_shape
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape, sizes_attribute, whole_attribute
from blackthorn.records import Dimensions, OnnxNode


class ConvTranspose2d(LayerKind):
    """Every pixel of `channels` x `height` x `width` spread over kernel x kernel_width pixels of `filters` images.

    Without padding: the output is (height - 1) * stride + kernel high. Padding crops it and saves next to no work.
    """

    name: ClassVar[str] = "conv_transpose2d"
    operators: ClassVar[frozenset[str]] = frozenset({"ConvTranspose"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("filters", 64, 1, 512),
        Dimension("channels", 64, 1, 512),
        Dimension("height", 28, 1, 112),
        Dimension("width", "height", 1, 112),
        Dimension("kernel", 2, 1, 11),
        Dimension("kernel_width", "kernel", 1, 11),
        Dimension("stride", 2, 1, 8),
        Dimension("stride_width", "stride", 1, 8),
        Dimension("groups", 1, 1, 512),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS

    def check(self, dimensions: Dimensions) -> None:
        check_groups(dimensions)

    def macs(self, dimensions: Dimensions) -> int:
        data, weights, _ = _shapes(dimensions)
        return math.prod(data) * math.prod(weights[1:])

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        data, weights, output = _shapes(dimensions)
        return ProbeLayer(
            operator="ConvTranspose",
            inputs=(Activations(data), Weights(weights), Weights((dimensions["filters"],))),
            outputs=(output,),
            attributes={
                "kernel_shape": weights[2:],
                "strides": (dimensions["stride"], dimensions["stride_width"]),
                "group": dimensions["groups"],
            },
            shared_input=True,
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        data, weights, output = input_shape(node, 0, 4), input_shape(node, 1, 4), output_shape(node, 0, 4)
        stride, groups = sizes_attribute(node, "strides", 2), whole_attribute(node, "group", 1)
        if node.op_type != "ConvTranspose" or not data or not weights or not output or not stride:
            return None
        if groups is None or groups < 1 or data[1] % groups or weights[0] != data[1]:
            return None
        return {
            "filters": weights[1] * groups,
            "channels": data[1],
            "height": data[2],
            "width": data[3],
            "kernel": weights[2],
            "kernel_width": weights[3],
            "stride": stride[0],
            "stride_width": stride[1],
            "groups": groups,
            "batch": data[0],
        }


def _shapes(d: Dimensions) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shapes of the input, the weights (channels, filters of one group, kernel) and the output."""
    data = image_shape(d)
    weights = (d["channels"], d["filters"] // d["groups"], d["kernel"], d["kernel_width"])
    height, width = (
        (size - 1) * stride + kernel
        for size, stride, kernel in zip(data[2:], (d["stride"], d["stride_width"]), weights[2:], strict=True)
    )
    return data, weights, (d["batch"], d["filters"], height, width)
