"""Transposed convolution, which makes images larger."""

import math
from typing import ClassVar

from blackthorn.layers.axes import KERNEL, SIZE, STRIDE, along, named, numbers
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
        *along(SIZE, 28, 112),
        *along(KERNEL, 2, 11),
        *along(STRIDE, 2, 8),
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
                "strides": numbers(dimensions, STRIDE),
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
            **named(SIZE, data[2:]),
            **named(KERNEL, weights[2:]),
            **named(STRIDE, stride),
            "groups": groups,
            "batch": data[0],
        }


def _shapes(d: Dimensions) -> tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]:
    """Shapes of the input, the weights (channels, filters of one group, kernel) and the output."""
    data = image_shape(d)
    weights = (d["channels"], d["filters"] // d["groups"], *numbers(d, KERNEL))
    sizes = (
        (size - 1) * stride + kernel for size, stride, kernel in zip(data[2:], numbers(d, STRIDE), weights[2:], strict=True)
    )
    return data, weights, (d["batch"], d["filters"], *sizes)
