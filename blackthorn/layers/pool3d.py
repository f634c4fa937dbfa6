"""Pooling over volumes, which runtimes do in the plain layout however many channels there are."""

from typing import ClassVar

from blackthorn.layers.axes import Names, along
from blackthorn.layers.base import Dimension
from blackthorn.layers.pooling import WindowPool
from blackthorn.layers.volumes import VOLUME_KERNEL, VOLUME_SHORTHANDS, VOLUME_SIZE, VOLUME_STRIDE


class VolumePool(WindowPool):
    """Every channel of a volume reduced over windows of kernel x kernel_height x kernel_width."""

    sizes: ClassVar[Names] = VOLUME_SIZE
    kernels: ClassVar[Names] = VOLUME_KERNEL
    strides: ClassVar[Names] = VOLUME_STRIDE
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("channels", 32, 1, 512),
        *along(VOLUME_SIZE, 16, 112),
        *along(VOLUME_KERNEL, 2, 7),
        *along(VOLUME_STRIDE, 2, 4),
        Dimension("batch", 1, 1, 16),
    )
    shorthands = VOLUME_SHORTHANDS


class MaxPool3d(VolumePool):
    """The largest number of every window of a volume."""

    name: ClassVar[str] = "max_pool3d"
    operator: ClassVar[str] = "MaxPool"
    operators: ClassVar[frozenset[str]] = frozenset({"MaxPool"})


class AveragePool3d(VolumePool):
    """The mean of every window of a volume."""

    name: ClassVar[str] = "average_pool3d"
    operator: ClassVar[str] = "AveragePool"
    operators: ClassVar[frozenset[str]] = frozenset({"AveragePool"})
