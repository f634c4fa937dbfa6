"""Recurrent layers whose weights are 8-bit numbers; data and state are rounded to 8 bits step by step."""

from typing import ClassVar

import numpy as np

from blackthorn.layers.onnx_probe import MICROSOFT, Given, Input, LeftOut, ProbeLayer, Weights
from blackthorn.layers.quantization import WHOLE_ONLY
from blackthorn.layers.recurrent import Lstm
from blackthorn.layers.shapes import input_shape
from blackthorn.records import Dimensions, OnnxNode

_STATES_LEFT_OUT: tuple[Input, ...] = (LeftOut(),) * 4
"""Lengths, first states and peepholes."""


class LstmInt8(Lstm):
    """Long short-term memory with 8-bit weights, its matrices transposed: (directions, inputs, gates x hidden)."""

    name: ClassVar[str] = "lstm_int8"
    operators: ClassVar[frozenset[str]] = frozenset({"DynamicQuantizeLSTM"})
    precisions = WHOLE_ONLY

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        plain = super().probe_layer(dimensions)
        hidden, inputs, directions = (dimensions[name] for name in ("hidden", "inputs", "directions"))
        gates = self.gates * hidden
        matrices = (Weights((directions, inputs, gates), "int8"), Weights((directions, hidden, gates), "int8"))
        scale_and_zero = (Given(np.full(directions, 0.001, np.float32)), Given(np.zeros(directions, np.int8)))
        inputs_given = (plain.inputs[0], *matrices, plain.inputs[3], *_STATES_LEFT_OUT, *scale_and_zero * 2)
        return ProbeLayer(
            "DynamicQuantizeLSTM", inputs_given, plain.outputs, plain.attributes, domain=MICROSOFT, shared_input=True
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        data, weights, recurrence = (input_shape(node, place, 3) for place in range(3))
        if node.op_type not in self.operators or not data or not weights or not recurrence:
            return None
        directions, hidden, gates = recurrence
        if gates != self.gates * hidden or directions > 2 or weights != (directions, data[2], gates):
            return None
        return {"hidden": hidden, "inputs": data[2], "steps": data[0], "directions": directions, "batch": data[1]}
