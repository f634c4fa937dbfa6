"""Pools of 8-bit numbers, which are rounded again where they are means."""

from typing import ClassVar

from msgspec.structs import replace

from blackthorn.layers.global_pool import GlobalAveragePool2d
from blackthorn.layers.images import image_shape
from blackthorn.layers.onnx_probe import MICROSOFT, READER, ProbeLayer
from blackthorn.layers.pooling import AveragePool2d, MaxPool2d
from blackthorn.layers.quantization import WHOLE_ONLY, bytes_activations, picked, rounded_twice
from blackthorn.layers.shapes import Shape, input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

_BYTES = ("int8", "uint8")


def _rounded(plain: ProbeLayer, operator: str, image: Shape) -> ProbeLayer:
    """A pool of fractions as one of 8-bit numbers whose results have a scale and zero point of their own."""
    inputs = rounded_twice(image)
    return replace(plain, operator=operator, inputs=inputs, elements=("uint8",), domain=MICROSOFT, blocked=False, reader=READER)


class AveragePool2dInt8(AveragePool2d):
    """The mean of every window of 8-bit numbers."""

    name: ClassVar[str] = "average_pool2d_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"QLinearAveragePool"})
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        return _rounded(super().probe_layer(dimensions), "QLinearAveragePool", image_shape(dimensions))

    def read(self, node: OnnxNode) -> Dimensions | None:
        plain = picked(node, "AveragePool", (0,)) if node.op_type in self.operators else None
        return None if plain is None else super().read(plain)


class GlobalAveragePool2dInt8(GlobalAveragePool2d):
    """The mean of every channel of 8-bit numbers."""

    name: ClassVar[str] = "global_average_pool2d_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"QLinearAveragePool", "QLinearGlobalAveragePool"})
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        return _rounded(super().probe_layer(dimensions), "QLinearGlobalAveragePool", image_shape(dimensions))

    def read(self, node: OnnxNode) -> Dimensions | None:
        plain = picked(node, node.op_type.removeprefix("QLinear"), (0,)) if node.op_type in self.operators else None
        return None if plain is None else super().read(plain)


class MaxPool2dInt8(MaxPool2d):
    """The largest of every window of 8-bit numbers.

    It takes ONNX Runtime 1.32 3.7 ns a number; with channels last, behind convolutions of 8 bits, 0.27.
    """

    name: ClassVar[str] = "max_pool2d_int8"
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        plain = super().probe_layer(dimensions)
        return replace(plain, inputs=(bytes_activations(image_shape(dimensions)),), elements=("uint8",))

    def read(self, node: OnnxNode) -> Dimensions | None:
        return super().read(node) if node.elements[:1] and node.elements[0] in _BYTES else None


class ChannelsLastMaxPool2dInt8(MaxPool2dInt8):
    """The same where the channels of a pixel lie next to each other."""

    name: ClassVar[str] = "channels_last_max_pool2d_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"NhwcMaxPool"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        plain = super().probe_layer(dimensions)
        inputs, outputs = (bytes_activations(_last(image_shape(dimensions))),), tuple(map(_last, plain.outputs))
        return replace(plain, operator="NhwcMaxPool", inputs=inputs, outputs=outputs, domain=MICROSOFT)

    def read(self, node: OnnxNode) -> Dimensions | None:
        image, output = input_shape(node, 0, 4), output_shape(node, 0, 4)
        if node.op_type not in self.operators or not image or not output:
            return None
        plain = replace(node, op_type="MaxPool", inputs=(_second(image),), outputs=(_second(output),))
        return super().read(plain)


def _last(image: Shape) -> Shape:
    """(batch, channels, height, width) as (batch, height, width, channels)."""
    return (image[0], *image[2:], image[1])


def _second(image: Shape) -> Shape:
    """The way back."""
    return (image[0], image[-1], *image[1:-1])
