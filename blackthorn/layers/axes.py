"""What a layer has once for each axis of its input: the size, and kernel, stride and dilation of a window over it.

Dimensions have them by name, ONNX has them as tuples with one number an axis; here is the way from one to the other.
"""

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


def strided(fixed: Mapping[str, int], sizes: Names, strides: Names) -> Names:
    """The sizes along which windows move by more than one position, where layers share these dimensions."""
    return tuple(size for size, stride in zip(sizes, strides, strict=True) if fixed.get(stride, 1) > 1)
