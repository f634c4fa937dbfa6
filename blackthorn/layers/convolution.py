"""What convolutions of any rank share: shapes, work, the ONNX node and its reading; bias and ReLU as runtimes fuse them."""

import math
from collections.abc import Mapping
from typing import ClassVar

import msgspec

from blackthorn.errors import BadValue
from blackthorn.formulas import Border
from blackthorn.layers.axes import DILATION, KERNEL, SIZE, STRIDE, Names, along, named, numbers
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape, sizes_attribute, whole_attribute
from blackthorn.layers.windows import border, positions, same_padded, same_pads
from blackthorn.records import Dimensions, OnnxNode


class WindowNames(msgspec.Struct, frozen=True):
    """What a kind of convolution calls its dimensions along each axis."""

    size: Names
    kernel: Names
    stride: Names
    dilation: Names


OVER_IMAGES = WindowNames(SIZE, KERNEL, STRIDE, DILATION)
IMAGE_WINDOW: tuple[Dimension, ...] = (
    *along(SIZE, 32, 224),
    *along(KERNEL, 3, 11),
    *along(STRIDE, 1, 4),
    *along(DILATION, 1, 4),
)
"""The dimensions by the names of `OVER_IMAGES`."""


class ConvolutionShape(msgspec.Struct, frozen=True):
    """A same-padded convolution; sizes, kernel, stride and dilation have one number an axis, (height, width) or (length,)."""

    filters: int
    channels: int
    sizes: tuple[int, ...]
    kernel: tuple[int, ...]
    stride: tuple[int, ...]
    dilation: tuple[int, ...]
    groups: int = 1
    batch: int = 1

    @property
    def output(self) -> tuple[int, ...]:
        """(batch, filters, sizes) of the result."""
        return (self.batch, self.filters, *map(positions, self.sizes, self.stride))

    @property
    def weights(self) -> tuple[int, ...]:
        """(filters, channels of one group, kernel)."""
        return (self.filters, self.channels // self.groups, *self.kernel)

    @property
    def macs(self) -> int:
        """Every output element sums over the channels of its group and the kernel."""
        return math.prod(self.output) * math.prod(self.weights[1:])

    def probe_layer(self) -> ProbeLayer:
        """The convolution as an ONNX node with a bias, a ReLU behind it."""
        return ProbeLayer(
            operator="Conv",
            inputs=(
                Activations((self.batch, self.channels, *self.sizes)),
                Weights(self.weights),
                Weights((self.filters,)),
            ),
            outputs=(self.output,),
            attributes={
                "kernel_shape": self.kernel,
                "strides": self.stride,
                "dilations": self.dilation,
                "group": self.groups,
                "pads": same_pads(self.kernel, self.dilation),
            },
            shared_input=True,
            reader="Relu",
        )


def check_groups(dimensions: Dimensions) -> None:
    """Refuse groups of unequal size.

    Raises:
        BadValue: `groups` does not divide filters or channels.
    """
    groups = dimensions["groups"]
    for name in ("filters", "channels"):
        if dimensions[name] % groups:
            problem = f"groups={groups} does not divide {name}={dimensions[name]}"
            raise BadValue(problem, f"make {name} a multiple of groups")


class Convolution(LayerKind):
    """A kind of layer that is a convolution of some form; `window` names its dimensions along axes."""

    operators: ClassVar[frozenset[str]] = frozenset({"Conv", "FusedConv"})
    window: ClassVar[WindowNames]

    def shape(self, d: Dimensions) -> ConvolutionShape:
        """The convolution with these dimensions."""
        return ConvolutionShape(
            filters=d["filters"],
            channels=d["channels"],
            sizes=numbers(d, self.window.size),
            kernel=numbers(d, self.window.kernel),
            stride=numbers(d, self.window.stride),
            dilation=numbers(d, self.window.dilation),
            groups=d["groups"],
            batch=d["batch"],
        )

    def borders(self, fixed: Mapping[str, int]) -> Mapping[str, Border]:
        names = zip(self.window.size, self.window.kernel, self.window.dilation, strict=True)
        return {
            size: border(fixed[kernel], fixed.get(dilation, 1)) for size, kernel, dilation in names if fixed.get(kernel, 1) > 1
        }

    def includes(self, shape: ConvolutionShape) -> bool:  # noqa: ARG002 (most kinds include all over as many axes)
        """Whether a convolution over as many axes is of this kind."""
        return True

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape = read_convolution(node, axes=len(self.window.size))
        if shape is None or not self.includes(shape):
            return None
        found = {
            "filters": shape.filters,
            "channels": shape.channels,
            **named(self.window.size, shape.sizes),
            **named(self.window.kernel, shape.kernel),
            **named(self.window.stride, shape.stride),
            **named(self.window.dilation, shape.dilation),
            "groups": shape.groups,
            "batch": shape.batch,
        }
        return {dimension.name: found[dimension.name] for dimension in self.dimensions}

    def macs(self, dimensions: Dimensions) -> int:
        return self.shape(dimensions).macs

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        return self.shape(dimensions).probe_layer()


def read_convolution(node: OnnxNode, axes: int) -> ConvolutionShape | None:
    """The convolution over that many axes that a node is; None where it is none, or its shapes are not known."""
    if node.op_type not in Convolution.operators:
        return None
    data, weights, output = input_shape(node, 0, 2 + axes), input_shape(node, 1, 2 + axes), output_shape(node, 0, 2 + axes)
    strides, dilations = sizes_attribute(node, "strides", axes), sizes_attribute(node, "dilations", axes)
    groups = whole_attribute(node, "group", 1)
    if not data or not weights or not output or not strides or not dilations or groups is None or groups < 1:
        return None
    if weights[1] * groups != data[1] or weights[0] % groups:
        return None
    sizes = tuple(map(same_padded, data[2:], output[2:], strides))
    return ConvolutionShape(weights[0], data[1], sizes, weights[2:], strides, dilations, groups, data[0])
