"""Pooling over sequences, which runtimes do in the plain layout however many channels there are."""

import math
from typing import ClassVar

from blackthorn.layers.axes import Names
from blackthorn.layers.base import Dimension
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.pooling import WindowPool
from blackthorn.layers.rows import RowWise
from blackthorn.layers.shapes import Shape
from blackthorn.records import Dimensions, OnnxNode


class SequencePool(WindowPool):
    """Every channel of a sequence reduced over windows of `kernel`."""

    sizes: ClassVar[Names] = ("length",)
    kernels: ClassVar[Names] = ("kernel",)
    strides: ClassVar[Names] = ("stride",)
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 1, 1024),
        Dimension("length", 256, 1, 16_384),
        Dimension("kernel", 2, 1, 16),
        Dimension("stride", 2, 1, 16),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = {}


class MaxPool1d(SequencePool):
    """The largest number of every window of a sequence."""

    name: ClassVar[str] = "max_pool1d"
    operator: ClassVar[str] = "MaxPool"
    operators: ClassVar[frozenset[str]] = frozenset({"MaxPool"})


class AveragePool1d(SequencePool):
    """The mean of every window of a sequence."""

    name: ClassVar[str] = "average_pool1d"
    operator: ClassVar[str] = "AveragePool"
    operators: ClassVar[frozenset[str]] = frozenset({"AveragePool"})


class GlobalPool(RowWise):
    """The mean or the maximum of whole channels of sequences or volumes, each a row."""

    name: ClassVar[str] = "global_pool"
    operators: ClassVar[frozenset[str]] = frozenset({"GlobalAveragePool", "GlobalMaxPool"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        rows, columns = dimensions["rows"], dimensions["columns"]
        return ProbeLayer("GlobalAveragePool", (Activations((1, rows, columns)),), ((1, rows, 1),))

    def row_length(self, node: OnnxNode, shape: Shape) -> int | None:  # noqa: ARG002 (every such node is the same)
        return math.prod(shape[2:]) if len(shape) > 2 else None
