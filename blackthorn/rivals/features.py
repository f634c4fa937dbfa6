"""What trees are told of a layer."""

import numpy as np

from blackthorn.rivals.base import Floats
from blackthorn.rivals.timed_layers import TimedLayers

MOST_ALIGNED = 64
"""No block of hardware that a size could fill is longer."""


def features(layers: TimedLayers) -> Floats:
    """Logarithms of the swept dimensions, of the work and of what it is a byte, and how each dimension is aligned.

    Alignment, the largest power of two (to `MOST_ALIGNED`) that divides a dimension, is no feature of the papers: without it
    no tree could tell aligned sizes from others, and formulas can.

    Returns:
        Shape (n, features).
    """
    macs, bytes_moved = np.log2(np.maximum(layers.macs, 1.0)), np.log2(layers.bytes_moved)
    sizes = list(layers.dimensions.values())
    aligned = [np.log2(np.gcd(values.astype(np.int64), MOST_ALIGNED)) for values in sizes]
    return np.column_stack([*map(np.log2, sizes), *aligned, macs, bytes_moved, macs - bytes_moved])
