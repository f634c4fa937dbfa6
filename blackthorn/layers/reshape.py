"""Shapes changed without moving a number."""

import math
from typing import ClassVar

from blackthorn.layers.elementwise import Elementwise
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.shapes import input_shape
from blackthorn.layers.transpose import axis_order, moved_axes
from blackthorn.records import Dimensions, OnnxNode


class Reshape(Elementwise):
    """The same numbers in the same order under another shape, which takes about a microsecond however many they are.

    So is a transposition that moves only axes of one number; runtimes take it for what it is.
    """

    name: ClassVar[str] = "reshape"
    operators: ClassVar[frozenset[str]] = frozenset({"Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze"})
    stretch = "elements"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        elements = dimensions["elements"]
        return ProbeLayer("Flatten", (Activations((elements,)),), ((1, elements),), {"axis": 0})

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape, order = input_shape(node), axis_order(node)
        if shape is not None and order is not None and not moved_axes(shape, order):
            return {"elements": math.prod(shape)}
        return super().read(node)
