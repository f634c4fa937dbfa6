"""Depthwise convolution: every channel has one kernel of its own."""

from typing import ClassVar

from blackthorn.layers.base import Dimension
from blackthorn.layers.convolution import Convolution, ConvolutionShape, read_convolution
from blackthorn.layers.images import IMAGE_SHORTHANDS
from blackthorn.records import Dimensions, OnnxNode


def is_depthwise(shape: ConvolutionShape) -> bool:
    """Whether every one of several channels is filtered by itself, into one channel."""
    return shape.groups == shape.channels == shape.filters > 1


class DepthwiseConv2d(Convolution):
    """One kernel of kernel x kernel_width for each of `channels` x `height` x `width`, zero-padded as in conv2d."""

    name: ClassVar[str] = "depthwise_conv2d"
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 2, 1024),
        Dimension("height", 32, 1, 224),
        Dimension("width", "height", 1, 224),
        Dimension("kernel", 3, 1, 11),
        Dimension("kernel_width", "kernel", 1, 11),
        Dimension("stride", 1, 1, 4),
        Dimension("stride_width", "stride", 1, 4),
        Dimension("dilation", 1, 1, 4),
        Dimension("dilation_width", "dilation", 1, 4),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS

    def shape(self, d: Dimensions) -> ConvolutionShape:
        return ConvolutionShape(
            filters=d["channels"],
            channels=d["channels"],
            sizes=(d["height"], d["width"]),
            kernel=(d["kernel"], d["kernel_width"]),
            stride=(d["stride"], d["stride_width"]),
            dilation=(d["dilation"], d["dilation_width"]),
            groups=d["channels"],
            batch=d["batch"],
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape = read_convolution(node, axes=2)
        if shape is None or not is_depthwise(shape):
            return None
        return {
            "channels": shape.channels,
            "height": shape.sizes[0],
            "width": shape.sizes[1],
            "kernel": shape.kernel[0],
            "kernel_width": shape.kernel[1],
            "stride": shape.stride[0],
            "stride_width": shape.stride[1],
            "dilation": shape.dilation[0],
            "dilation_width": shape.dilation[1],
            "batch": shape.batch,
        }
