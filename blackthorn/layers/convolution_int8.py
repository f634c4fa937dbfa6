"""Convolutions of 8-bit numbers.

Of 64 filters of 3 x 3 over 64 x 28 x 28, ONNX Runtime 1.32 took 0.11 ms with signed weights and 1.8 ms with unsigned ones on
a processor with matrix instructions, where the results are rounded to 8 bits again (QLinearConv). Where they stay whole
(ConvInteger) it took 1.6 ms with unsigned weights, and 9.8 ms with signed ones, for which that operator has no fast kernel.
"""

from typing import ClassVar

from msgspec.structs import replace

from blackthorn.layers.conv1d import Conv1d
from blackthorn.layers.conv2d import Conv2d
from blackthorn.layers.convolution import Convolution, ConvolutionShape
from blackthorn.layers.depthwise_conv2d import DepthwiseConv2d
from blackthorn.layers.onnx_probe import READER, Input, ProbeLayer, Weights
from blackthorn.layers.quantization import WHOLE_ONLY, bytes_activations, picked, scale_of_bytes, zero_point
from blackthorn.records import Dimensions, OnnxNode

ROUNDED, WHOLE = "QLinearConv", "ConvInteger"
"""Operators whose results are of 8 bits, and of 32 bits."""
_SIDES = {ROUNDED: (0, 3), WHOLE: (0, 1)}
"""Which inputs of an operator are the data and the weights."""
_RESULT = {ROUNDED: "uint8", WHOLE: "int32"}


def _probe(shape: ConvolutionShape, operator: str, weights: str) -> ProbeLayer:
    """A convolution as an ONNX node of that operator, its weights of that element type."""
    scale, zero, weights_zero = scale_of_bytes(), zero_point("uint8"), zero_point(weights)
    data, kernels = bytes_activations((shape.batch, shape.channels, *shape.sizes)), Weights(shape.weights, weights)
    bias = Weights((shape.filters,), "int32")
    inputs: dict[str, tuple[Input, ...]] = {
        ROUNDED: (data, scale, zero, kernels, scale, weights_zero, scale, zero, bias),
        WHOLE: (data, kernels, zero, weights_zero),
    }
    plain = replace(shape.probe_layer(), operator=operator, inputs=inputs[operator], reader=READER)
    return replace(plain, elements=(_RESULT[operator],))


class EightBitConvolution(Convolution):
    """A convolution of some form of 8-bit numbers, `weights` of one element type: signed unless said otherwise."""

    operator: ClassVar[str] = ROUNDED
    operators: ClassVar[frozenset[str]] = frozenset({ROUNDED})
    weights: ClassVar[str] = "int8"
    precisions = WHOLE_ONLY
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        return _probe(self.shape(dimensions), self.operator, self.weights)

    def read(self, node: OnnxNode) -> Dimensions | None:
        plain = picked(node, "Conv", _SIDES[self.operator]) if node.op_type == self.operator else None
        return None if plain is None or plain.elements[1] != self.weights else super().read(plain)


class Conv2dInt8(EightBitConvolution, Conv2d):
    """A conv2d of 8-bit numbers, signed ones as weights."""

    name: ClassVar[str] = "conv2d_int8"


class Conv2dUint8(Conv2dInt8):
    """The same with unsigned weights."""

    name: ClassVar[str] = "conv2d_uint8"
    weights: ClassVar[str] = "uint8"


class DepthwiseConv2dInt8(EightBitConvolution, DepthwiseConv2d):
    """A depthwise_conv2d of 8-bit numbers, signed ones as weights."""

    name: ClassVar[str] = "depthwise_conv2d_int8"


class DepthwiseConv2dUint8(DepthwiseConv2dInt8):
    """The same with unsigned weights."""

    name: ClassVar[str] = "depthwise_conv2d_uint8"
    weights: ClassVar[str] = "uint8"


class Conv1dInt8(EightBitConvolution, Conv1d):
    """A conv1d of 8-bit numbers, signed ones as weights."""

    name: ClassVar[str] = "conv1d_int8"


class Conv1dUint8(Conv1dInt8):
    """The same with unsigned weights."""

    name: ClassVar[str] = "conv1d_uint8"
    weights: ClassVar[str] = "uint8"


class IntegerConv2dInt8(EightBitConvolution, Conv2d):
    """A conv2d of 8-bit numbers, signed ones as weights, whose results stay whole numbers of 32 bits."""

    name: ClassVar[str] = "integer_conv2d_int8"
    operator: ClassVar[str] = WHOLE
    operators: ClassVar[frozenset[str]] = frozenset({WHOLE})


class IntegerConv2dUint8(IntegerConv2dInt8):
    """The same with unsigned weights."""

    name: ClassVar[str] = "integer_conv2d_uint8"
    weights: ClassVar[str] = "uint8"
