"""Empties the processor's caches, for layers that find their weights in memory when a network runs.

A dense layer that is called again and again finds its weights in a large last cache, which no layer of a network does: what it
fetched was pushed out since, by the rest of the network or by others on the same computer. With a last cache of 260 MB, dense
layers of up to 50 MB took half as long in their probes as in any of seven networks.
"""

import numpy as np

TIMES = 2
"""How many times the last cache's bytes are read: half of what lay in it was still there after once, little after twice."""


class ColdCaches:
    """Memory of its own, read to push everything else out of the caches.

    Args:
        size: bytes to push out: those of the last cache.
    """

    def __init__(self, size: int) -> None:
        self._memory = np.ones(TIMES * size // np.dtype(np.float64).itemsize)

    def empty(self) -> None:
        """Leave nothing in the caches of what is to be timed."""
        self._memory.sum()
