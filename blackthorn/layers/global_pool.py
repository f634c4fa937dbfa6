"""Pooling of whole images: one number left of every channel."""

from typing import ClassVar

from blackthorn.layers.axes import SIZE, along
from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.images import IMAGE_SHORTHANDS, image_dimensions, image_shape
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.pooling import covers_all
from blackthorn.layers.shapes import input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode

_WINDOWED = frozenset({"AveragePool", "MaxPool"})
_REDUCING = frozenset({"ReduceMax", "ReduceMean"})


class GlobalAveragePool2d(LayerKind):
    """The mean, or in a few networks the maximum, of every channel of height x width.

    It goes by other names where a window is as large as the image, or where a reduction takes the last two axes of four.
    """

    name: ClassVar[str] = "global_average_pool2d"
    operators: ClassVar[frozenset[str]] = frozenset({"AveragePool", "GlobalAveragePool", "GlobalMaxPool", *_REDUCING})
    """A MaxPool over a whole image is such a layer, too, but in probes a MaxPool of kernel 1 stands before it."""
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 512, 1, 2048),
        *along(SIZE, 7, 112),
        Dimension("batch", 1, 1, 64),
    )
    shorthands = IMAGE_SHORTHANDS
    channelwise = "channels"

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        image = image_shape(dimensions)
        return ProbeLayer("GlobalAveragePool", (Activations(image),), ((*image[:2], 1, 1),), blocked=True)

    def read(self, node: OnnxNode) -> Dimensions | None:
        image, output = input_shape(node, 0, 4), output_shape(node, 0)
        if image is None or output not in {image[:2], (*image[:2], 1, 1)} or not _takes_all(node, image[2:]):
            return None
        return image_dimensions(image)


def _takes_all(node: OnnxNode, size: tuple[int, ...]) -> bool:
    """Whether an operator whose output has one number a channel goes over the whole image."""
    if node.op_type in _WINDOWED:
        return covers_all(node)
    return node.op_type in GlobalAveragePool2d.operators and (node.op_type not in _REDUCING or size != (1, 1))
