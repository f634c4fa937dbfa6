"""Dense and grouped two-dimensional convolution."""

from typing import ClassVar

from blackthorn.errors import BadValue
from blackthorn.layers.base import Dimension
from blackthorn.layers.convolution import Convolution, ConvolutionShape, check_groups, read_convolution
from blackthorn.layers.depthwise_conv2d import DepthwiseConv2d, is_depthwise
from blackthorn.layers.images import IMAGE_SHORTHANDS
from blackthorn.records import Dimensions, OnnxNode


class Conv2d(Convolution):
    """`filters` kernels of kernel x kernel_width over `channels` x `height` x `width`.

    Zero-padded so that the output is ceil(height / stride) x ceil(width / stride_width).
    """

    name: ClassVar[str] = "conv2d"
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("filters", 64, 1, 1024),
        Dimension("channels", 64, 1, 1024),
        Dimension("height", 32, 1, 224),
        Dimension("width", "height", 1, 224),
        Dimension("kernel", 3, 1, 11),
        Dimension("kernel_width", "kernel", 1, 11),
        Dimension("stride", 1, 1, 4),
        Dimension("stride_width", "stride", 1, 4),
        Dimension("dilation", 1, 1, 4),
        Dimension("dilation_width", "dilation", 1, 4),
        Dimension("groups", 1, 1, 1024),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS

    def check(self, dimensions: Dimensions) -> None:
        check_groups(dimensions)
        if is_depthwise(self.shape(dimensions)):
            problem = f"groups={dimensions['groups']} with as many channels and filters is a depthwise convolution"
            raise BadValue(problem, f"use the layer {DepthwiseConv2d.name}")

    def shape(self, d: Dimensions) -> ConvolutionShape:
        return ConvolutionShape(
            filters=d["filters"],
            channels=d["channels"],
            sizes=(d["height"], d["width"]),
            kernel=(d["kernel"], d["kernel_width"]),
            stride=(d["stride"], d["stride_width"]),
            dilation=(d["dilation"], d["dilation_width"]),
            groups=d["groups"],
            batch=d["batch"],
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape = read_convolution(node, axes=2)
        if shape is None or is_depthwise(shape):
            return None
        return {
            "filters": shape.filters,
            "channels": shape.channels,
            "height": shape.sizes[0],
            "width": shape.sizes[1],
            "kernel": shape.kernel[0],
            "kernel_width": shape.kernel[1],
            "stride": shape.stride[0],
            "stride_width": shape.stride[1],
            "dilation": shape.dilation[0],
            "dilation_width": shape.dilation[1],
            "groups": shape.groups,
            "batch": shape.batch,
        }
