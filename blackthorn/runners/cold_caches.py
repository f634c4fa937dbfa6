"""Empties the processor's caches, for layers that find their weights in memory when a network runs.

A dense layer that is called again and again finds its weights in a large last cache, which no layer of a network does: what it
fetched was pushed out since, by the rest of the network or by others on the same computer. With a last cache of 260 MB, dense
layers of up to 50 MB took half as long in their probes as in any of seven networks.
"""

from pathlib import Path

import numpy as np

from blackthorn.runners.system_files import ROOT, found_below, read_text

CACHES = "sys/devices/system/cpu/cpu0/cache/index*"
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}
TIMES = 2
"""How many times the last cache's bytes are read: half of what lay in it was still there after once, little after twice."""


def last_cache_bytes(root: Path = ROOT) -> int:
    """The size of the last cache, in bytes; 0 where the system does not tell.

    Args:
        root: where the system's files are.
    """
    return max((_bytes(read_text(entry / "size") or "") for entry in found_below(root, CACHES)), default=0)


def _bytes(size: str) -> int:
    """What `2048K` stands for; 0 for what is no size."""
    number, unit = size[:-1], size[-1:]
    return int(number) * UNITS[unit] if unit in UNITS and number.isdecimal() and number.isascii() else 0


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
