"""Choices number by number, as masks make them."""

import itertools
import math
from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import TRUTH, Activations, ProbeLayer, Weights
from blackthorn.layers.rows import RowWise
from blackthorn.layers.shapes import Shape, input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

_INPUTS = 3
"""The condition, and what is taken where it holds and where not."""


class Where(LayerKind):
    """`rows` rows of `columns` numbers, each taken from one input or the other as a condition says.

    The condition is the same for every row, as the mask of an attention is for every head, and constant: it comes in runs of
    equal values, as masks do. Random ones, which a processor cannot foresee, took 35 ns a number where these took 2.3.
    """

    name: ClassVar[str] = "where"
    operators: ClassVar[frozenset[str]] = frozenset({"Where"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("rows", 128, 1, 4096), Dimension("columns", 512, 2, 50_176))
    stretch = "columns"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, columns = dimensions["rows"], dimensions["columns"]
        inputs = (Weights((1, columns), TRUTH), Activations((rows, columns)), Weights((1, 1)))
        return ProbeLayer("Where", inputs, ((rows, columns),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        shapes, output = [input_shape(node, place) for place in range(_INPUTS)], output_shape(node)
        known = [shape for shape in shapes if shape is not None]
        if node.op_type != "Where" or output is None or len(known) != _INPUTS or max(map(len, known)) > len(output):
            return None
        columns = _chosen_at_once(known, output)
        return {"rows": math.prod(output) // columns, "columns": columns}


def _chosen_at_once(inputs: list[Shape], output: Shape) -> int:
    """The numbers of the last axes, as far as the same inputs have one number alone along all of them."""
    filled = [(1,) * (len(output) - len(shape)) + shape for shape in inputs]
    axes = [(tuple(size == 1 for size in sizes), size) for *sizes, size in zip(*filled, output, strict=True) if size > 1]
    together = itertools.takewhile(lambda axis: axis[0] == axes[-1][0], reversed(axes))
    return math.prod(size for _, size in together)


class Trilu(RowWise):
    """Of every row the numbers on one side of the diagonal, zeros for the others, as masks of what lies ahead are made."""

    name: ClassVar[str] = "trilu"
    operators: ClassVar[frozenset[str]] = frozenset({"Trilu"})
    stretch = "columns"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["rows"], dimensions["columns"])
        return ProbeLayer("Trilu", (Activations(shape),), (shape,))

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:  # noqa: ARG002 (every such node is the same)
        return shape[-1] if len(shape) > 1 else None
