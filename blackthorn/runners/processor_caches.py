"""The processor's caches, as Linux tells them."""

from pathlib import Path
from typing import NamedTuple

from blackthorn.runners.system_files import ROOT, found_below, read_text

FOLDERS = "sys/devices/system/cpu/cpu{cpu}/cache/index*"
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
    return [_told(folder) for folder in found_below(root, FOLDERS.format(cpu=0))]


def _told(folder: Path) -> Cache:
    """The cache that a folder tells of."""
    return Cache(*(read_text(folder / name) or "" for name in ("level", "type", "size")))


def last_cache_bytes(root: Path = ROOT) -> int:
    """The size of the last cache, which is the largest, in bytes; 0 where the system does not tell."""
    return max((cache.bytes for cache in processor_caches(root)), default=0)


def sharing_last_cache(cpu: int, root: Path = ROOT) -> list[int]:
    """The numbers of the CPUs that share the last cache of one, itself among them; only itself where the system does not tell.

    Args:
        cpu: its number.
        root: where the system's files are.
    """
    folders = found_below(root, FOLDERS.format(cpu=cpu))
    last = max(folders, key=lambda folder: _told(folder).bytes, default=None)
    listed = (read_text(last / "shared_cpu_list") or "" if last else "").split(",")
    found = [number for part in listed for number in _numbers(part)]
    return found or [cpu]


def _numbers(part: str) -> range:
    """What one part of a system's list of CPUs stands for: `3`, or `0-7`; nothing where it is neither."""
    low, _, high = part.partition("-")
    if not (part.isascii() and low.isdecimal() and (high or low).isdecimal()):
        return range(0)
    return range(int(low), int(high or low) + 1)
