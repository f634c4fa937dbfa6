"""Layers that treat every row of a matrix by itself: softmax, the norms over rows, and reductions.

ONNX Runtime's kernels walk over one row at a time, so what leads up to the row does not matter.
"""

import abc
import math
from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import Shape, axis_attribute, input_shape, output_shape, split_at
from blackthorn.records import Dimensions, OnnxNode


class RowWise(LayerKind):
    """A layer of `rows` rows of `columns` numbers."""

    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("rows", 128, 1, 4096), Dimension("columns", 512, 1, 4096))

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape = input_shape(node)
        if node.op_type not in self.operators or not shape:
            return None
        columns = self.row_length(node, shape)
        return None if columns is None else {"rows": math.prod(shape) // columns, "columns": columns}

    @abc.abstractmethod
    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:
        """How many numbers of an input of that shape the node takes together; None where that cannot be told."""


class Softmax(RowWise):
    """Exponentials of every row, divided by their sum."""

    name: ClassVar[str] = "softmax"
    operators: ClassVar[frozenset[str]] = frozenset({"LogSoftmax", "Softmax"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["rows"], dimensions["columns"])
        return ProbeLayer("Softmax", (Activations(shape),), (shape,), {"axis": -1})

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:
        if "axis" not in node.attributes:  # before opset 13 rows are all axes from the second on, since then the last one;
            return next((size for size in reversed(shape) if size > 1), 1)  # of 1x1000x1x1 both mean the thousand
        axis = axis_attribute(node, -1, shape)
        return None if axis is None else shape[axis]


class LayerNorm(RowWise):
    """Every row brought to mean 0 and variance 1, then scaled and shifted column by column."""

    name: ClassVar[str] = "layer_norm"
    operators: ClassVar[frozenset[str]] = frozenset(
        {"LayerNormalization", "SimplifiedLayerNormalization", "SkipLayerNormalization", "SkipSimplifiedLayerNormalization"}
        | {"RMSNormalization"}
    )

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape, column = (dimensions["rows"], dimensions["columns"]), (dimensions["columns"],)
        inputs = (Activations(shape), Weights(column), Weights(column))
        return ProbeLayer("LayerNormalization", inputs, (shape,), {"axis": -1}, shared_input=True)

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:
        axis = axis_attribute(node, -1, shape)
        return None if axis is None else math.prod(shape[axis:])


class InstanceNorm(RowWise):
    """Every channel of every image, all its pixels as one row, brought to mean 0 and variance 1, then scaled and shifted."""

    name: ClassVar[str] = "instance_norm"
    operators: ClassVar[frozenset[str]] = frozenset({"InstanceNormalization"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape, channel = (1, dimensions["rows"], dimensions["columns"]), (dimensions["rows"],)
        inputs = (Activations(shape), Weights(channel), Weights(channel))
        return ProbeLayer("InstanceNormalization", inputs, (shape,), shared_input=True)

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:  # noqa: ARG002 (every such node is the same)
        return math.prod(shape[2:]) if len(shape) > 2 else None


class Reduce(RowWise):
    """One number left of every row: its mean, sum, extreme or norm."""

    name: ClassVar[str] = "reduce"
    operators: ClassVar[frozenset[str]] = frozenset(
        {"ReduceL1", "ReduceL2", "ReduceMax", "ReduceMean", "ReduceMin", "ReduceProd", "ReduceSum", "ReduceSumSquare"}
    )
    stretch = "columns"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, columns = dimensions["rows"], dimensions["columns"]
        return ProbeLayer("ReduceMean", (Activations((rows, columns)),), ((rows, 1),), {"axes": [-1], "keepdims": 1})

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:
        """The axes are an input in newer files; the shape of the output tells whether they are the last ones."""
        output = output_shape(node)
        if output is None:
            return None
        kept = len(output) if len(output) < len(shape) else _first_reduced(shape, output)
        rows, columns = split_at(shape, kept)
        return columns if output[:kept] == shape[:kept] and math.prod(output) == rows else None


def _first_reduced(shape: Shape, output: Shape) -> int:
    """The first axis that a reduction which keeps its axes as ones has changed; the last one where it changed none."""
    changed = (axis for axis, (before, after) in enumerate(zip(shape, output, strict=False)) if before != after)
    return next(changed, len(shape) - 1)
