"""Layers that write the same numbers several times, or in reversed order."""

import math
from typing import ClassVar

import numpy as np

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, Given, ProbeLayer
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode


class Expand(LayerKind):
    """`runs` stretches of `run_length` numbers, each written `copies` times in a row."""

    name: ClassVar[str] = "expand"
    operators: ClassVar[frozenset[str]] = frozenset({"Expand", "Tile"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("runs", 16, 1, 4096),
        Dimension("copies", 8, 2, 1024),
        Dimension("run_length", 256, 1, 50_176),
    )
    stretch = "run_length"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, copies, run_length = (dimensions[name] for name in ("runs", "copies", "run_length"))
        output = (runs, copies, run_length)
        return ProbeLayer("Expand", (Activations((runs, 1, run_length)), Given(np.array(output, np.int64))), (output,))

    def read(self, node: OnnxNode) -> Dimensions | None:
        before, after = input_shape(node), output_shape(node)
        if node.op_type not in self.operators or before is None or after is None or len(before) > len(after):
            return None
        filled = (1,) * (len(after) - len(before)) + before
        times = [large // small for small, large in zip(filled, after, strict=True)]
        repeated = [axis for axis, count in enumerate(times) if count > 1]
        if not repeated:
            return None
        last = repeated[-1]
        return {"runs": math.prod(after[:last]), "copies": times[last], "run_length": math.prod(filled[last:])}


class ReverseSequence(LayerKind):
    """`runs` stretches of `run_length` numbers each put in the opposite order, as one direction of a recurrent layer needs."""

    name: ClassVar[str] = "reverse_sequence"
    operators: ClassVar[frozenset[str]] = frozenset({"ReverseSequence"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("runs", 64, 1, 4096), Dimension("run_length", 256, 1, 4096))
    stretch = "run_length"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        shape = (dimensions["runs"], 1, dimensions["run_length"])
        lengths = Given(np.array([dimensions["runs"]], np.int64))
        return ProbeLayer("ReverseSequence", (Activations(shape), lengths), (shape,), {"time_axis": 0, "batch_axis": 1})

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape = input_shape(node)
        if node.op_type not in self.operators or shape is None or len(shape) < 2:
            return None
        return {"runs": math.prod(shape[:2]), "run_length": math.prod(shape[2:])}
