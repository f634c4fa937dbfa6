"""The changes of layout that ONNX Runtime puts before and behind its blocked convolutions.

No file holds them and no probe could: a probe holds a convolution that makes the runtime insert one.
"""

import abc
from typing import ClassVar

from blackthorn.layers.axes import SIZE, along
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_dimensions, image_shape
from blackthorn.layers.onnx_probe import Activations, ProbeLayer, Weights
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.layers.windows import positions
from blackthorn.records import Dimensions, OnnxNode, Precision

BLOCKED_DOMAIN = "com.microsoft.nchwc"
BLOCK = 16
"""Channels in a block of the widest processors; fewer need no change before a convolution, and as filters make little work."""
QUAD = 4
"""ONNX Runtime changes inputs whose channels are a multiple of this; a convolution of any others stays in the plain layout."""


class Reorder(LayerKind):
    """A change of layout of `channels` x `height` x `width`."""

    operator: ClassVar[str]
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 64, 1, 2048),
        *along(SIZE, 28, 224),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS
    channelwise = "channels"

    def bytes_moved(self, dimensions: Dimensions, precision: Precision) -> int:
        return 2 * Activations(image_shape(dimensions)).bytes(precision)

    def read(self, node: OnnxNode) -> Dimensions | None:
        image = self.plain_image(node)
        if image is None or node.op_type not in (self.operator, f"{BLOCKED_DOMAIN}.{self.operator}"):
            return None
        return image_dimensions(image)

    @abc.abstractmethod
    def plain_image(self, node: OnnxNode) -> tuple[int, ...] | None:
        """The shape of what is in the plain layout, which has no channels added to fill a block."""


class ReorderInput(Reorder):
    """From the plain layout to blocks of channels; probes take channels up to the next multiple of 4."""

    name: ClassVar[str] = "reorder_input"
    operator: ClassVar[str] = "ReorderInput"
    operators: ClassVar[frozenset[str]] = frozenset({"ReorderInput"})
    dimensions: ClassVar[tuple[Dimension, ...]] = (Dimension("channels", 64, BLOCK, 2048), *Reorder.dimensions[1:])

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        batch, channels, height, width = image_shape(dimensions)
        taken = positions(channels, QUAD) * QUAD
        inputs = (Activations((batch, taken, height, width)), Weights((BLOCK, taken, 1, 1)))
        return ProbeLayer("Conv", inputs, ((batch, BLOCK, height, width),))

    def plain_image(self, node: OnnxNode) -> tuple[int, ...] | None:
        return input_shape(node, 0, 4)


class ReorderOutput(Reorder):
    """From blocks of channels back to the plain layout."""

    name: ClassVar[str] = "reorder_output"
    operator: ClassVar[str] = "ReorderOutput"
    operators: ClassVar[frozenset[str]] = frozenset({"ReorderOutput"})

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        batch, channels, height, width = image_shape(dimensions)
        inputs = (Activations((batch, 1, height, width)), Weights((channels, 1, 1, 1)))
        return ProbeLayer("Conv", inputs, (image_shape(dimensions),), shared_input=True)

    def plain_image(self, node: OnnxNode) -> tuple[int, ...] | None:
        return output_shape(node, 0, 4)
