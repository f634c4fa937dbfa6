"""Layers that copy stretches of memory: concatenation, split, slice, padding and look-up.

What matters is how many stretches are copied and how long each is; for axes in the middle of a shape, a stretch is everything
from the axis on.
"""

import math
from typing import ClassVar

import numpy as np

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, Given, ProbeLayer, Weights
from blackthorn.layers.shapes import Shape, axis_attribute, input_shape, output_shape, split_at
from blackthorn.records import Dimensions, OnnxNode, Precision

PAD_WIDTH = 1
"""Numbers that a probe pads on either side, as before a convolution of kernel 3."""
TABLE_ROWS = 2048
"""Rows of the table that a probe looks up in: several times what it picks, so that most rows are cold."""


def movement_dimensions(shortest: int = 1) -> tuple[Dimension, Dimension]:
    """`runs` stretches of `run_length` numbers each, no stretch shorter than `shortest`."""
    return Dimension("runs", 64, 1, 4096), Dimension("run_length", 784, shortest, 50_176)


def _runs(shape: Shape, axis: int) -> Dimensions:
    """The stretches of a tensor that is put together or taken apart along an axis."""
    runs, run_length = split_at(shape, axis)
    return {"runs": runs, "run_length": run_length}


def _runs_along_axis(node: OnnxNode, shape: Shape | None) -> Dimensions | None:
    """The same along the node's `axis`; None where the shape is not known or has no such axis."""
    axis = None if shape is None else axis_attribute(node, 0, shape)
    return None if shape is None or axis is None else _runs(shape, axis)


def _last_difference(before: Shape, after: Shape) -> int | None:
    """The last axis along which two shapes of one rank differ; None where there is none."""
    if len(before) != len(after):
        return None
    return max((axis for axis, sizes in enumerate(zip(before, after, strict=True)) if sizes[0] != sizes[1]), default=None)


def halves(length: int) -> tuple[int, int]:
    """A length in two parts, as equal as can be."""
    return length // 2, length - length // 2


class Concat(LayerKind):
    """Parts put side by side; the dimensions are those of the result, how many parts there are does not matter."""

    name: ClassVar[str] = "concat"
    operators: ClassVar[frozenset[str]] = frozenset({"Concat"})
    dimensions: ClassVar[tuple[Dimension, ...]] = movement_dimensions(shortest=2)
    stretch = "run_length"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length = dimensions["runs"], dimensions["run_length"]
        parts = tuple(Activations((runs, part)) for part in halves(run_length))
        return ProbeLayer("Concat", parts, ((runs, run_length),), {"axis": 1})

    def read(self, node: OnnxNode) -> Dimensions | None:
        return _runs_along_axis(node, output_shape(node)) if node.op_type == "Concat" else None


class Split(LayerKind):
    """One input taken apart; the dimensions are those of the input."""

    name: ClassVar[str] = "split"
    operators: ClassVar[frozenset[str]] = frozenset({"Split"})
    dimensions: ClassVar[tuple[Dimension, ...]] = movement_dimensions(shortest=2)
    stretch = "run_length"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length = dimensions["runs"], dimensions["run_length"]
        parts = halves(run_length)
        inputs = (Activations((runs, run_length)), Given(np.array(parts, np.int64)))
        return ProbeLayer("Split", inputs, tuple((runs, part) for part in parts), {"axis": 1})

    def read(self, node: OnnxNode) -> Dimensions | None:
        return _runs_along_axis(node, input_shape(node)) if node.op_type == "Split" else None


class Slice(LayerKind):
    """A part of the input; the dimensions are those of the part."""

    name: ClassVar[str] = "slice"
    operators: ClassVar[frozenset[str]] = frozenset({"Slice"})
    dimensions: ClassVar[tuple[Dimension, ...]] = movement_dimensions()
    stretch = "run_length"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length = dimensions["runs"], dimensions["run_length"]
        first_half = tuple(Given(np.array([value], np.int64)) for value in (0, run_length, 1))
        return ProbeLayer("Slice", (Activations((runs, 2 * run_length)), *first_half), ((runs, run_length),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        whole, part = input_shape(node), output_shape(node)
        if node.op_type != "Slice" or whole is None or part is None:
            return None
        return _runs(part, _last_difference(whole, part) or 0)


class Pad(LayerKind):
    """An input with a margin; the dimensions are those of the result."""

    name: ClassVar[str] = "pad"
    operators: ClassVar[frozenset[str]] = frozenset({"Pad"})
    dimensions: ClassVar[tuple[Dimension, ...]] = movement_dimensions(shortest=2 * PAD_WIDTH + 1)
    stretch = "run_length"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length = dimensions["runs"], dimensions["run_length"]
        inputs = (Activations((runs, run_length - 2 * PAD_WIDTH)), Given(np.array([0, PAD_WIDTH] * 2, np.int64)))
        return ProbeLayer("Pad", inputs, ((runs, run_length),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        inside, padded = input_shape(node), output_shape(node)
        if node.op_type != "Pad" or inside is None or padded is None:
            return None
        axis = _last_difference(inside, padded)
        if axis is None or math.prod(padded[axis:]) <= 2 * PAD_WIDTH:
            return None
        return _runs(padded, axis)


class Gather(LayerKind):
    """`runs` rows of a table, looked up by number: embeddings, or a choice along an axis."""

    name: ClassVar[str] = "gather"
    operators: ClassVar[frozenset[str]] = frozenset({"Gather"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("runs", 128, 1, 4096), Dimension("run_length", 384, 1, 4096))
    stretch = "run_length"

    def bytes_moved(self, dimensions: Dimensions, precision: Precision) -> int:
        moved = Activations((2, dimensions["runs"], dimensions["run_length"]))
        return moved.bytes(precision) + Activations((dimensions["runs"],), TABLE_ROWS).bytes(precision)

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length = dimensions["runs"], dimensions["run_length"]
        inputs = (Weights((TABLE_ROWS, run_length)), Activations((runs,), whole_below=TABLE_ROWS))
        return ProbeLayer("Gather", inputs, ((runs, run_length),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        table, output = input_shape(node), output_shape(node)
        axis = None if not table else axis_attribute(node, 0, table)
        if node.op_type != "Gather" or table is None or output is None or axis is None:
            return None
        run_length = math.prod(table[axis + 1 :])
        runs, left_over = divmod(math.prod(output), max(run_length, 1))
        if left_over or min(runs, run_length) < 1:
            return None
        return {"runs": runs, "run_length": run_length}
