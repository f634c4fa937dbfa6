"""How long this process had work and waited for a processor because another one ran there, as Linux's scheduler counts it."""

import time
from pathlib import Path

from blackthorn.runners.system_files import ROOT, read_text

NS_PER_SECOND = 1e9
DELAY = 1
"""Which of the numbers in a thread's `schedstat` is the time that it waited: proc(5), in nanoseconds."""
MOST = 0.95
"""No more of a stretch of time is told as waited: the two clocks are read one after the other."""


class Waiting:
    """Watches the thread that asks, which works on every layer: others, if any, work while it does.

    Args:
        root: where the system's files are.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._file = root / "proc/thread-self/schedstat"
        self._delay = 0
        self._asked = time.perf_counter()

    def share(self) -> float:
        """The share of the time since it was last asked for which the thread waited; 0 where the system does not tell."""
        delay, asked = self._delay, self._asked
        self._delay, self._asked = self._read(), time.perf_counter()
        waited = (self._delay - delay) / NS_PER_SECOND
        return min(MOST, max(0.0, waited) / max(self._asked - asked, 1e-9))

    def _read(self) -> int:
        """What the thread has waited so far, in nanoseconds."""
        numbers = (read_text(self._file) or "").split()
        return int(numbers[DELAY]) if len(numbers) > DELAY and numbers[DELAY].isdecimal() else 0
