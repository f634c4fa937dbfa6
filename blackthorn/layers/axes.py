"""What a layer has once for each axis of its input: the size, and kernel, stride and dilation of a window over it.

Dimensions have them by name, ONNX has them as tuples with one number an axis; here is the way from one to the other.
"""

import math
from collections.abc import Iterable, Mapping

from blackthorn.layers.base import Dimension
from blackthorn.records import Dimensions

Names = tuple[str, ...]
"""What the same thing is called along each axis."""

SIZE, KERNEL = ("height", "width"), ("kernel", "kernel_width")
STRIDE, DILATION = ("stride", "stride_width"), ("dilation", "dilation_width")
"""Along the two axes of an image."""


def along(names: Names, default: int, highest: int) -> tuple[Dimension, ...]:
    """Dimensions from 1 to `highest`; those along later axes follow that along the first."""
    first, *later = names
    return (Dimension(first, default, 1, highest), *(Dimension(name, first, 1, highest) for name in later))


def numbers(dimensions: Dimensions, names: Names) -> tuple[int, ...]:
    """The values of dimensions, axis by axis."""
    return tuple(dimensions[name] for name in names)


def named(names: Names, values: Iterable[int]) -> Dimensions:
    """Values, one for each axis, as dimensions by name."""
    return dict(zip(names, values, strict=True))


def apart(fixed: Mapping[str, int], sizes: Names, kernels: Names, strides: Names) -> tuple[str, ...]:
    """The sizes along which windows of known stride and kernel do not overlap, those of stride 1 not.

    Their result says all: a 1x1 convolution of stride 2 does on 9 columns what it does on 10. The last of the windows of a 3x3
    one lies partly in the padding on 9, on 10 it does not.
    """
    names = zip(sizes, kernels, strides, strict=True)
    return tuple(size for size, kernel, stride in names if 1 < fixed.get(stride, 1) >= fixed.get(kernel, math.inf))
