"""The way from fractions to numbers of 8 bits and back, and what all kinds of 8-bit layers share.

A number of 8 bits stands for (number - zero point) x scale. Nanoseconds a number of ONNX Runtime 1.32 on one AVX-512 core,
100,000 numbers: 0.38 to quantize or to dequantize, 0.49 where the scale is found on the way.
"""

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from blackthorn.layers.elementwise import Elementwise
from blackthorn.layers.onnx_probe import Activations, Given, Input, ProbeLayer
from blackthorn.records import Dimensions, OnnxNode, Precision

BYTE_RANGE = 256
"""Activations of 8 bits are smaller than this."""
WHOLE_ONLY: tuple[Precision, ...] = ("fp32",)
"""Layers of 8 bits are the same whatever the fractions around them; their scales are of single precision."""
BYTE_ZERO = 128
"""The zero point of activations, which take both signs."""


def scale_of_bytes() -> Given:
    """A scale at which numbers of 8 bits stand for about -2.5 to 2.5."""
    return Given(np.array(0.02, np.float32))


def zero_point(element: str) -> Given:
    """Where numbers of that element type have their zero: unsigned ones in the middle of their range."""
    return Given(np.array(BYTE_ZERO if element == "uint8" else 0, element))


def bytes_activations(shape: Sequence[int]) -> Activations:
    """An input of 8 bits, unsigned as runtimes have them."""
    return Activations(tuple(shape), BYTE_RANGE, "uint8")


def rounded_twice(shape: Sequence[int]) -> tuple[Input, ...]:
    """Inputs of an operator of one tensor of 8 bits: that with its scale and zero point, then those of the result."""
    rounding = (scale_of_bytes(), zero_point("uint8"))
    return (bytes_activations(shape), *rounding, *rounding)


def picked(node: OnnxNode, operator: str, places: Sequence[int]) -> OnnxNode | None:
    """A node as if it were one of `operator` that has the inputs at these places alone; None where it lacks one.

    Operators of 8 bits have scales and zero points among their inputs; without these they are read as those of fractions.
    """
    if any(place >= min(len(node.inputs), len(node.elements)) for place in places):
        return None
    return OnnxNode(
        name=node.name,
        op_type=operator,
        inputs=tuple(node.inputs[place] for place in places),
        outputs=node.outputs,
        attributes=node.attributes,
        constant=tuple(place < len(node.constant) and node.constant[place] for place in places),
        elements=tuple(node.elements[place] for place in places),
    )


class EightBitElementwise(Elementwise):
    """Numbers of 8 bits out of every number, whatever it was."""

    precisions = WHOLE_ONLY
    gives_whole = True


class Quantize(EightBitElementwise):
    """Fractions as numbers of 8 bits, by a scale known beforehand."""

    name: ClassVar[str] = "quantize"
    operators: ClassVar[frozenset[str]] = frozenset({"QuantizeLinear"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        inputs = (Activations(shape), scale_of_bytes(), zero_point("uint8"))
        return ProbeLayer("QuantizeLinear", inputs, (shape,), elements=("uint8",))


class DynamicQuantize(EightBitElementwise):
    """Fractions as numbers of 8 bits, by the scale that their extremes ask for."""

    name: ClassVar[str] = "dynamic_quantize"
    operators: ClassVar[frozenset[str]] = frozenset({"DynamicQuantizeLinear"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer("DynamicQuantizeLinear", (Activations(shape),), (shape, (), ()), elements=("uint8", "", "uint8"))


class Dequantize(Elementwise):
    """Numbers of 8 bits as fractions."""

    name: ClassVar[str] = "dequantize"
    operators: ClassVar[frozenset[str]] = frozenset({"DequantizeLinear"})
    precisions = WHOLE_ONLY

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer("DequantizeLinear", (bytes_activations(shape), scale_of_bytes(), zero_point("uint8")), (shape,))
