"""Recurrent layers: LSTM and GRU, which differ in the number of gates alone."""

from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, whole_attribute
from blackthorn.records import Dimensions, OnnxNode


class Recurrent(LayerKind):
    """`steps` of `batch` vectors of `inputs` numbers, each joined with a state of `hidden` numbers, in 1 or 2 `directions`."""

    repeated = {"state": "hidden"}
    operator: ClassVar[str]
    gates: ClassVar[int]
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("hidden", 128, 1, 1024),
        Dimension("inputs", 128, 1, 1024),
        Dimension("steps", 32, 1, 256),
        Dimension("directions", 1, 1, 2),
        Dimension("batch", 1, 1, 64),
    )

    def macs(self, dimensions: Dimensions) -> int:
        d = dimensions
        return d["steps"] * d["batch"] * d["directions"] * self.gates * d["hidden"] * (d["inputs"] + d["hidden"])

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        steps, batch, inputs, hidden, directions = (
            dimensions[name] for name in ("steps", "batch", "inputs", "hidden", "directions")
        )
        gates = self.gates * hidden
        return ProbeLayer(
            operator=self.operator,
            inputs=(
                Activations((steps, batch, inputs)),
                Weights((directions, gates, inputs)),
                Weights((directions, gates, hidden)),
                Weights((directions, 2 * gates)),
            ),
            outputs=((steps, directions, batch, hidden),),
            attributes={"hidden_size": hidden, "direction": "bidirectional" if directions == 2 else "forward"},
            shared_input=True,
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        data, weights, recurrence = (input_shape(node, place, 3) for place in range(3))
        by_batch = whole_attribute(node, "layout", 0)
        if node.op_type != self.operator or not data or not weights or not recurrence or by_batch is None:
            return None
        directions, gates, hidden = recurrence
        if gates != self.gates * hidden or directions > 2 or weights != (directions, gates, data[2]):
            return None
        steps, batch = (data[1], data[0]) if by_batch else (data[0], data[1])
        return {"hidden": hidden, "inputs": data[2], "steps": steps, "directions": directions, "batch": batch}


class Lstm(Recurrent):
    """Long short-term memory: input, output and forget gate, and the cell."""

    name: ClassVar[str] = "lstm"
    operator: ClassVar[str] = "LSTM"
    operators: ClassVar[frozenset[str]] = frozenset({"LSTM"})
    gates: ClassVar[int] = 4


class Gru(Recurrent):
    """Gated recurrent unit: update and reset gate, and the candidate."""

    name: ClassVar[str] = "gru"
    operator: ClassVar[str] = "GRU"
    operators: ClassVar[frozenset[str]] = frozenset({"GRU"})
    gates: ClassVar[int] = 3
