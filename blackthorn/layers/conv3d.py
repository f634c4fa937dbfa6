"""Three-dimensional convolution, over video or scans."""

from typing import ClassVar

from blackthorn.layers.axes import along
from blackthorn.layers.base import Dimension
from blackthorn.layers.convolution import Convolution, WindowNames, check_groups
from blackthorn.layers.volumes import VOLUME_KERNEL, VOLUME_SHORTHANDS, VOLUME_SIZE, VOLUME_STRIDE
from blackthorn.records import Dimensions

VOLUME_DILATION = ("dilation", "dilation_height", "dilation_width")


class Conv3d(Convolution):
    """`filters` kernels over `channels` x `depth` x `height` x `width`, zero-padded as in conv2d."""

    name: ClassVar[str] = "conv3d"
    window: ClassVar[WindowNames] = WindowNames(VOLUME_SIZE, VOLUME_KERNEL, VOLUME_STRIDE, VOLUME_DILATION)
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("filters", 32, 1, 512),
        Dimension("channels", 32, 1, 512),
        *along(VOLUME_SIZE, 16, 112),
        *along(VOLUME_KERNEL, 3, 7),
        *along(VOLUME_STRIDE, 1, 4),
        *along(VOLUME_DILATION, 1, 4),
        Dimension("groups", 1, 1, 512),
        Dimension("batch", 1, 1, 16),
    )
    shorthands = VOLUME_SHORTHANDS

    def check(self, dimensions: Dimensions) -> None:
        check_groups(dimensions)
