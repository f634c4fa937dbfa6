"""Layers that go down the columns of matrices, and sums that run along."""

import math
from typing import ClassVar

import numpy as np

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, Given, ProbeLayer
from blackthorn.layers.rows import Reduce, RowWise
from blackthorn.layers.shapes import Shape, input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode


class ReduceColumns(LayerKind):
    """One number left of every column of `batch` matrices of `rows` x `columns`: a mean over time, or over words.

    A kind of its own: rows are summed up at 0.16 ns a number, the columns of a single matrix at 1.6.
    """

    name: ClassVar[str] = "reduce_columns"
    operators: ClassVar[frozenset[str]] = Reduce.operators
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("rows", 128, 2, 4096),
        Dimension("columns", 256, 2, 4096),
        Dimension("batch", 1, 1, 64),
    )

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        batch, rows, columns = (dimensions[name] for name in ("batch", "rows", "columns"))
        return ProbeLayer("ReduceMean", (Activations((batch, rows, columns)),), ((batch, 1, columns),), {"axes": [1]})

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape, output = input_shape(node), output_shape(node)
        if node.op_type not in self.operators or shape is None or output is None:
            return None
        span = _reduced(shape, output)
        if span is None:
            return None
        first, end = span
        rows, columns = math.prod(shape[first:end]), math.prod(shape[end:])
        return {"rows": rows, "columns": columns, "batch": math.prod(shape[:first])} if min(rows, columns) > 1 else None


def _reduced(shape: Shape, output: Shape) -> tuple[int, int] | None:
    """First axis and end of what a reduction took, kept as ones or not; None where it took axes that are no neighbours."""
    first = next((axis for axis, sizes in enumerate(zip(shape, output, strict=False)) if sizes[0] != sizes[1]), len(output))
    for end in range(first + 1, len(shape) + 1):
        if output in {shape[:first] + shape[end:], shape[:first] + (1,) * (end - first) + shape[end:]}:
            return first, end
    return None


class CumulativeSum(RowWise):
    """Every number of a row with all before it added to it.

    The axis is an input, whose value no shape tells: the last one is taken, along which sums of positions run. Down the columns
    it takes an eighth of the time.
    """

    name: ClassVar[str] = "cumulative_sum"
    operators: ClassVar[frozenset[str]] = frozenset({"CumSum"})
    stretch = "columns"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["rows"], dimensions["columns"])
        return ProbeLayer("CumSum", (Activations(shape), Given(np.array(1, np.int64))), (shape,))

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:  # noqa: ARG002 (of no node is the axis told)
        return shape[-1]
