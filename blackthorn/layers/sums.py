"""Sums, means and extremes of three inputs or more, as where many branches of a network meet."""

import math
from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.elementwise import ELEMENTS
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

FEWEST = 3
"""Inputs at least; two are an addition."""


class Sum(LayerKind):
    """`inputs` inputs of `elements` numbers each, joined number by number, one input after the other."""

    name: ClassVar[str] = "sum"
    operators: ClassVar[frozenset[str]] = frozenset({"Max", "Mean", "Min", "Sum"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (ELEMENTS, Dimension("inputs", FEWEST, FEWEST, 16))
    stretch = "elements"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["elements"],)
        return ProbeLayer("Sum", (Activations(shape),) * dimensions["inputs"], (shape,))

    def read(self, node: OnnxNode) -> Dimensions | None:
        output, inputs = output_shape(node), len(node.inputs)
        if node.op_type not in self.operators or inputs < FEWEST or output is None:
            return None
        if any(input_shape(node, place) is None for place in range(inputs)):
            return None
        return {"elements": math.prod(output), "inputs": inputs}
