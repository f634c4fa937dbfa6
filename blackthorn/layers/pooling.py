"""Pooling over windows; average and maximum differ in their operator alone.

Where the channels fill whole blocks, ONNX Runtime pools in the blocked layout of convolutions, else in the plain one; a probe
of the same channels takes the same way, whatever stands before it.
"""

from collections.abc import Mapping
from typing import ClassVar

from blackthorn.formulas import Border
from blackthorn.layers.axes import KERNEL, SIZE, STRIDE, Names, along, named, numbers, strided
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.shapes import input_shape, output_shape, sizes_attribute
from blackthorn.layers.windows import border, positions, same_padded, same_pads
from blackthorn.records import Dimensions, OnnxNode


class WindowPool(LayerKind):
    """Every channel reduced over windows of kernel x kernel_width, zero-padded as in conv2d."""

    operator: ClassVar[str]
    sizes: ClassVar[Names] = SIZE
    kernels: ClassVar[Names] = KERNEL
    strides: ClassVar[Names] = STRIDE
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 1, 1024),
        *along(SIZE, 32, 224),
        *along(KERNEL, 3, 11),
        *along(STRIDE, 2, 4),
        Dimension("batch", 1, 1, 64),
    )
    shorthands: ClassVar[Mapping[str, Names]] = IMAGE_SHORTHANDS
    channelwise = "channels"

    def by_result(self, fixed: Mapping[str, int]) -> tuple[str, ...]:
        """Those of a stride: every window is taken by itself, so that their number alone counts."""
        return strided(fixed, self.sizes, self.strides)

    def borders(self, fixed: Mapping[str, int]) -> Mapping[str, Border]:
        names = zip(self.sizes, self.kernels, strict=True)
        return {size: border(fixed[kernel]) for size, kernel in names if fixed.get(kernel, 1) > 1}

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        image = numbers(dimensions, ("batch", "channels", *self.sizes))
        kernel, stride = numbers(dimensions, self.kernels), numbers(dimensions, self.strides)
        return ProbeLayer(
            operator=self.operator,
            inputs=(Activations(image),),
            outputs=((*image[:2], *map(positions, image[2:], stride)),),
            attributes={"kernel_shape": kernel, "strides": stride, "pads": same_pads(kernel, (1,) * len(kernel))},
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        axes = len(self.sizes)
        data, output = input_shape(node, 0, 2 + axes), output_shape(node, 0, 2 + axes)
        kernel, stride = sizes_attribute(node, "kernel_shape", axes), sizes_attribute(node, "strides", axes)
        if node.op_type != self.operator or not data or not output or not kernel or not stride or covers_all(node):
            return None
        return {
            "channels": data[1],
            **named(self.sizes, map(same_padded, data[2:], output[2:], stride)),
            **named(self.kernels, kernel),
            **named(self.strides, stride),
            "batch": data[0],
        }


class MaxPool2d(WindowPool):
    """The largest number of every window."""

    name: ClassVar[str] = "max_pool2d"
    operator: ClassVar[str] = "MaxPool"
    operators: ClassVar[frozenset[str]] = frozenset({"MaxPool"})


class AveragePool2d(WindowPool):
    """The mean of every window."""

    name: ClassVar[str] = "average_pool2d"
    operator: ClassVar[str] = "AveragePool"
    operators: ClassVar[frozenset[str]] = frozenset({"AveragePool"})


def covers_all(node: OnnxNode) -> bool:
    """Whether a pool has a single window, which is the whole image and nothing around it."""
    data, output, pads = input_shape(node, 0, 4), output_shape(node, 0, 4), node.attributes.get("pads", ())
    if not data or not output or output[2:] != (1, 1) or not isinstance(pads, (list, tuple)) or any(pads):
        return False
    return sizes_attribute(node, "kernel_shape", 2) == data[2:] != (1, 1)
