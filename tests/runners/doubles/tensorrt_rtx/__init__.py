"""TensorRT for RTX, played by the double of TensorRT."""

from tensorrt import *  # noqa: F403, TID253
from tensorrt import __version__ as __version__  # noqa: TID253
