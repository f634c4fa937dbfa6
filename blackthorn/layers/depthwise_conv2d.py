"""Depthwise convolution: every channel has one kernel of its own."""

from collections.abc import Mapping
from typing import ClassVar

from blackthorn.layers.axes import strided
from blackthorn.layers.base import Dimension
from blackthorn.layers.convolution import IMAGE_WINDOW, OVER_IMAGES, Convolution, ConvolutionShape, WindowNames
from blackthorn.layers.images import IMAGE_SHORTHANDS
from blackthorn.records import Dimensions


def is_depthwise(shape: ConvolutionShape) -> bool:
    """Whether every one of several channels is filtered by itself, into one channel."""
    return shape.groups == shape.channels == shape.filters > 1


class DepthwiseConv2d(Convolution):
    """One kernel of kernel x kernel_width for each of `channels` x `height` x `width`, zero-padded as in conv2d."""

    name: ClassVar[str] = "depthwise_conv2d"
    window: ClassVar[WindowNames] = OVER_IMAGES
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 2, 1024),
        *IMAGE_WINDOW,
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS
    channelwise = "channels"

    def shape(self, d: Dimensions) -> ConvolutionShape:
        return super().shape({**d, "filters": d["channels"], "groups": d["channels"]})

    def by_result(self, fixed: Mapping[str, int]) -> tuple[str, ...]:
        """Those of a stride: every window is taken by itself, so that their number alone counts."""
        return strided(fixed, self.window.size, self.window.stride)

    def includes(self, shape: ConvolutionShape) -> bool:
        return is_depthwise(shape)
