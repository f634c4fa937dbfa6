"""Spectra of signals."""

import math
from typing import ClassVar

import numpy as np

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, Given, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

HALVES = 2
"""Frames overlap by half in a probe; how far apart they lie does not matter."""


class ShortTimeFourier(LayerKind):
    """`frames` pieces of a real signal, `length` samples each, as spectra.

    ONNX Runtime 1.32 takes 88 us a frame of 512 samples, and 133 us where there are 400, which is no power of two.
    """

    name: ClassVar[str] = "stft"
    operators: ClassVar[frozenset[str]] = frozenset({"STFT"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("frames", 100, 1, 1024), Dimension("length", 512, 2, 2048))

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        frames, length = dimensions["frames"], dimensions["length"]
        step = max(1, length // HALVES)
        signal = Activations((1, length + step * (frames - 1), 1))
        inputs = (signal, Given(np.array(step, np.int64)), Weights((length,)), Given(np.array(length, np.int64)))
        return ProbeLayer("STFT", inputs, ((1, frames, length // 2 + 1, 2),), {"onesided": 1})

    def read(self, node: OnnxNode) -> Dimensions | None:
        signal, window, output = input_shape(node, 0, 3), input_shape(node, 2, 1), output_shape(node, 0, 4)
        if node.op_type not in self.operators or not signal or not window or not output or signal[-1] != 1:
            return None
        return {"frames": math.prod(output[:2]), "length": window[0]} if window[0] > 1 else None
