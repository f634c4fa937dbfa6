"""Layers that answer which numbers are largest, and the answer written out."""

import math
from typing import ClassVar

import numpy as np

from blackthorn.errors import BadValue
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import WHOLE, Activations, Given, ProbeLayer, Weights
from blackthorn.layers.rows import RowWise
from blackthorn.layers.shapes import Shape, axis_attribute, input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode


class ArgMax(RowWise):
    """The place of the largest or smallest number of every row.

    It takes ten times as long as finding the number itself: 1.4 to 1.8 ns a number against 0.16, along whichever axis.
    """

    name: ClassVar[str] = "arg_max"
    operators: ClassVar[frozenset[str]] = frozenset({"ArgMax", "ArgMin"})
    gives_whole = True

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, columns = dimensions["rows"], dimensions["columns"]
        return ProbeLayer("ArgMax", (Activations((rows, columns)),), ((rows, 1),), {"axis": -1}, elements=(WHOLE,))

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:
        axis = axis_attribute(node, 0, shape)
        return None if axis is None else shape[axis]


class TopK(LayerKind):
    """The `kept` largest numbers of each of `rows` rows of `columns`, and their places."""

    name: ClassVar[str] = "top_k"
    operators: ClassVar[frozenset[str]] = frozenset({"TopK"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("rows", 1, 1, 1024),
        Dimension("columns", 8400, 1, 65_536),
        Dimension("kept", 1, 1, 1024),
    )
    gives_whole = True

    def check(self, dimensions: Dimensions) -> None:
        kept, columns = dimensions["kept"], dimensions["columns"]
        if kept > columns:
            raise BadValue(f"kept={kept} is more than columns={columns}", f"keep at most {columns}")

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, columns, kept = (dimensions[name] for name in ("rows", "columns", "kept"))
        inputs = (Activations((rows, columns)), Given(np.array([kept], np.int64)))
        return ProbeLayer("TopK", inputs, ((rows, kept),) * 2, elements=("", WHOLE))

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape, output = input_shape(node), output_shape(node)
        axis = axis_attribute(node, -1, shape) if shape else None
        if node.op_type != "TopK" or not shape or not output or axis is None or len(shape) != len(output):
            return None
        if output[axis] > shape[axis]:
            return None
        return {"rows": math.prod(shape) // shape[axis], "columns": shape[axis], "kept": output[axis]}


class OneHot(LayerKind):
    """`rows` whole numbers, each written as a row of `columns` that is the same but at its place."""

    name: ClassVar[str] = "one_hot"
    operators: ClassVar[frozenset[str]] = frozenset({"OneHot"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("rows", 128, 1, 4096), Dimension("columns", 64, 2, 4096))
    stretch = "columns"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, columns = dimensions["rows"], dimensions["columns"]
        inputs = (Activations((rows,), columns), Given(np.array(columns, np.int64)), Weights((2,)))
        return ProbeLayer("OneHot", inputs, ((rows, columns),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        places, output = input_shape(node), output_shape(node)
        if node.op_type != "OneHot" or places is None or output is None or len(output) != len(places) + 1:
            return None
        rows, numbers = math.prod(places), math.prod(output)
        return {"rows": rows, "columns": numbers // rows} if numbers % rows == 0 else None
