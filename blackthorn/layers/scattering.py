"""Layers that read from or write to places which other numbers name, number by number or in stretches."""

import math
from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.movement import TABLE_ROWS, Gather
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode


class GatherElements(LayerKind):
    """`elements` numbers, each looked up at a place of its own."""

    name: ClassVar[str] = "gather_elements"
    operators: ClassVar[frozenset[str]] = frozenset({"GatherElements"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("elements", 10_000, 2, 1_000_000),)
    stretch = "elements"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        elements = dimensions["elements"]
        inputs = (Activations((elements,)), Activations((elements,), elements))
        return ProbeLayer("GatherElements", inputs, ((elements,),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        places = input_shape(node, 1)
        if node.op_type not in self.operators or places is None or output_shape(node) != places:
            return None
        return {"elements": math.prod(places)}


class ScatterElements(LayerKind):
    """`elements` numbers copied, `updates` of them replaced at places of their own."""

    name: ClassVar[str] = "scatter_elements"
    operators: ClassVar[frozenset[str]] = frozenset({"ScatterElements"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("elements", 10_000, 2, 1_000_000),
        Dimension("updates", 1_000, 1, 100_000),
    )
    stretch = "elements"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        elements, updates = dimensions["elements"], dimensions["updates"]
        inputs = (Activations((elements,)), Activations((updates,), elements), Activations((updates,)))
        return ProbeLayer("ScatterElements", inputs, ((elements,),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        data, places = input_shape(node), input_shape(node, 1)
        if node.op_type not in self.operators or data is None or places is None or output_shape(node) is None:
            return None
        return {"elements": math.prod(data), "updates": math.prod(places)}


class GatherNd(Gather):
    """`runs` stretches of a table, each looked up by several numbers together."""

    name: ClassVar[str] = "gather_nd"
    operators: ClassVar[frozenset[str]] = frozenset({"GatherND"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length = dimensions["runs"], dimensions["run_length"]
        inputs = (Weights((TABLE_ROWS, run_length)), Activations((runs, 1), TABLE_ROWS))
        return ProbeLayer("GatherND", inputs, ((runs, run_length),))

    def read(self, node: OnnxNode) -> Dimensions | None:
        places, output = input_shape(node, 1), output_shape(node)
        if node.op_type not in self.operators or not places or output is None or input_shape(node) is None:
            return None
        runs, numbers = math.prod(places[:-1]), math.prod(output)
        return {"runs": runs, "run_length": numbers // runs} if numbers % runs == 0 else None


class ScatterNd(LayerKind):
    """A table of `rows` stretches of `run_length` numbers copied, `runs` of them replaced."""

    name: ClassVar[str] = "scatter_nd"
    operators: ClassVar[frozenset[str]] = frozenset({"ScatterND"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("runs", 64, 1, 4096),
        Dimension("run_length", 256, 1, 4096),
        Dimension("rows", 256, 2, 4096),
    )
    stretch = "run_length"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        runs, run_length, rows = (dimensions[name] for name in ("runs", "run_length", "rows"))
        table = (rows, run_length)
        inputs = (Activations(table), Activations((runs, 1), rows), Activations((runs, run_length)))
        return ProbeLayer("ScatterND", inputs, (table,))

    def read(self, node: OnnxNode) -> Dimensions | None:
        table, places, updates = (input_shape(node, place) for place in range(3))
        if node.op_type not in self.operators or not table or not places or updates is None or output_shape(node) != table:
            return None
        runs, numbers = math.prod(places[:-1]), math.prod(updates)
        run_length = numbers // runs
        if numbers % runs or run_length < 1 or math.prod(table) % run_length:
            return None
        return {"runs": runs, "run_length": run_length, "rows": math.prod(table) // run_length}
