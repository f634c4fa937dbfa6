"""Dense and grouped two-dimensional convolution."""

import math
from collections.abc import Mapping
from typing import ClassVar

from blackthorn.errors import BadValue
from blackthorn.layers.axes import strided
from blackthorn.layers.base import Dimension
from blackthorn.layers.convolution import IMAGE_WINDOW, OVER_IMAGES, Convolution, ConvolutionShape, WindowNames, check_groups
from blackthorn.layers.depthwise_conv2d import DepthwiseConv2d, is_depthwise
from blackthorn.layers.images import IMAGE_SHORTHANDS
from blackthorn.records import Dimensions


class Conv2d(Convolution):
    """`filters` kernels of kernel x kernel_width over `channels` x `height` x `width`.

    Zero-padded so that the output is ceil(height / stride) x ceil(width / stride_width).
    """

    name: ClassVar[str] = "conv2d"
    window: ClassVar[WindowNames] = OVER_IMAGES
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("filters", 64, 1, 1024),
        Dimension("channels", 64, 1, 1024),
        *IMAGE_WINDOW,
        Dimension("groups", 1, 1, 1024),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS

    def check(self, dimensions: Dimensions) -> None:
        check_groups(dimensions)
        if is_depthwise(self.shape(dimensions)):
            problem = f"groups={dimensions['groups']} with as many channels and filters is a depthwise convolution"
            raise BadValue(problem, f"use the layer {DepthwiseConv2d.name}")

    def includes(self, shape: ConvolutionShape) -> bool:
        return not is_depthwise(shape)

    def flattened(self, fixed: Mapping[str, int]) -> tuple[str, ...]:
        """Height and width where the kernel is 1x1: such a layer is a product of matrices, with a column for each position.

        ONNX Runtime takes 16 columns at a time: 7 x 7 positions in 4 groups took as long as 8 x 8. Of a stride it takes row by
        row, six positions at a time and what is left over.
        """
        if strided(fixed, self.window.size, self.window.stride):
            return ()
        return self.window.size if all(fixed.get(name) == 1 for name in self.window.kernel) else ()

    def by_result(self, fixed: Mapping[str, int]) -> tuple[str, ...]:
        """Those along which windows do not overlap: a 1x1 convolution of stride 2 does on 9 columns what it does on 10.

        Of wider ones ONNX Runtime takes several whole ones at a time, and how many are whole the size says, not the result's.
        """
        names = zip(self.window.size, self.window.kernel, self.window.stride, strict=True)
        return tuple(size for size, kernel, stride in names if 1 < fixed.get(stride, 1) >= fixed.get(kernel, math.inf))
