"""One-dimensional convolution, over time or text."""

from typing import ClassVar

from blackthorn.layers.base import Dimension
from blackthorn.layers.convolution import Convolution, WindowNames, check_groups
from blackthorn.records import Dimensions


class Conv1d(Convolution):
    """`filters` kernels over `channels` x `length`, zero-padded so that the output is ceil(length / stride) long.

    A kind of its own: ONNX Runtime keeps the plain layout for it, where conv2d runs in blocks of channels.
    """

    name: ClassVar[str] = "conv1d"
    window: ClassVar[WindowNames] = WindowNames(("length",), ("kernel",), ("stride",), ("dilation",))
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("filters", 64, 1, 1024),
        Dimension("channels", 64, 1, 1024),
        Dimension("length", 256, 1, 16384),
        Dimension("kernel", 3, 1, 25),
        Dimension("stride", 1, 1, 16),
        Dimension("dilation", 1, 1, 16),
        Dimension("groups", 1, 1, 1024),
        Dimension("batch", 1, 1, 64),
    )

    def check(self, dimensions: Dimensions) -> None:
        check_groups(dimensions)
