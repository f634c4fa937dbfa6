"""How many processors others kept busy, of those whose last cache this process shares, as Linux counts it.

Where the time of layers goes to memory, even a neighbour that runs all the time is not seen in them: the reference of a class
computes more than some layers do. Beside a process that filled the memory's bandwidth, up to a quarter of all convolutions were
off by more than 10 %, and their rounds agreed well.
"""

import os
import time
from collections.abc import Sequence
from pathlib import Path

from blackthorn.runners.processor_caches import sharing_last_cache
from blackthorn.runners.system_files import ROOT, read_text

TICKS_PER_SECOND = 100
"""In which the system counts what processors did: USER_HZ of proc(5), the same on x86 and ARM."""
NOT_IDLE = (0, 1, 2, 5, 6, 7)
"""Which of a processor's numbers in `stat` count when it was busy: user, nice, system, irq, softirq, and steal, which is what
other virtual machines took."""


class Contention:
    """Watches the processors that share the last cache with those that this process may run on.

    Which these are is looked up once.

    Args:
        root: where the system's files are.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._file = root / "proc/stat"
        self._near = {f"cpu{number}" for cpu in _allowed() for number in sharing_last_cache(cpu, root)}
        self._busy, self._asked = self._others(), time.perf_counter()

    def processors(self) -> float:
        """How many others kept busy, on average since it was last asked; 0 where the system does not tell."""
        busy, asked = self._busy, self._asked
        self._busy, self._asked = self._others(), time.perf_counter()
        return max(0.0, self._busy - busy) / max(self._asked - asked, 1e-9)

    def _others(self) -> float:
        """Processor seconds that others took so far, but for a constant; 0 where the system does not tell."""
        rows = [line.split() for line in (read_text(self._file) or "").splitlines()]
        near = [row[1:] for row in rows if row and row[0] in self._near]
        return sum(map(_busy_ticks, near)) / TICKS_PER_SECOND - time.process_time() if near else 0.0


def _allowed() -> set[int]:
    """The processors that this process may run on; none where the system does not say so."""
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _busy_ticks(numbers: Sequence[str]) -> int:
    """For how long a processor was not idle."""
    return sum(int(numbers[place]) for place in NOT_IDLE if place < len(numbers) and numbers[place].isdecimal())
