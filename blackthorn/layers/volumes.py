"""What layers over three axes call their dimensions along these."""

from blackthorn.layers.axes import Names

VOLUME_SIZE: Names = ("depth", "height", "width")
VOLUME_KERNEL: Names = ("kernel", "kernel_height", "kernel_width")
VOLUME_STRIDE: Names = ("stride", "stride_height", "stride_width")
VOLUME_SHORTHANDS = {"size": VOLUME_SIZE}
