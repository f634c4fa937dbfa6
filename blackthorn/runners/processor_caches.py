"""The processor's caches, as Linux tells them."""

from pathlib import Path
from typing import NamedTuple

from blackthorn.runners.system_files import ROOT, found_below, read_text

FOLDERS = "sys/devices/system/cpu/cpu0/cache/index*"
UNITS = {"K": 2**10, "M": 2**20, "G": 2**30}


class Cache(NamedTuple):
    """A cache that one CPU sees, in the system's words: level `1`, kind `Data`, size `48K`; a shared one is told in full."""

    level: str
    kind: str
    size: str

    @property
    def bytes(self) -> int:
        """Its size; 0 where the system tells none."""
        number, unit = self.size[:-1], self.size[-1:]
        return int(number) * UNITS[unit] if unit in UNITS and number.isdecimal() and number.isascii() else 0


def processor_caches(root: Path = ROOT) -> list[Cache]:
    """All that the first CPU sees; none where the system does not tell.

    Args:
        root: where the system's files are.
    """
    names = ("level", "type", "size")
    return [Cache(*(read_text(folder / name) or "" for name in names)) for folder in found_below(root, FOLDERS)]


def last_cache_bytes(root: Path = ROOT) -> int:
    """The size of the last cache, which is the largest, in bytes; 0 where the system does not tell."""
    return max((cache.bytes for cache in processor_caches(root)), default=0)
