"""How long threads that had work waited for a processor because another one ran there, as Linux's scheduler counts it."""

import time
from pathlib import Path

from blackthorn.runners.system_files import ROOT, found_below, read_text

NS_PER_SECOND = 1e9
DELAY = 1
"""Which of the numbers in a thread's `schedstat` is the time that it waited: proc(5), in nanoseconds."""


class Waiting:
    """Watches this process.

    Args:
        root: where the system's files are.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._threads = root / "proc/self/task"
        self._delays: dict[Path, int] = {}
        self._asked = time.perf_counter()

    def share(self) -> float:
        """The share of the time since it was last asked for which a thread waited, of that which did so longest: 0 to 1.

        0 where the system does not tell.
        """
        before, asked = self._delays, self._asked
        self._delays, self._asked = self._read(), time.perf_counter()
        longest = max((delay - before.get(thread, 0) for thread, delay in self._delays.items()), default=0)
        return min(1.0, longest / NS_PER_SECOND / max(self._asked - asked, 1e-9))

    def _read(self) -> dict[Path, int]:
        """What each thread has waited so far, in nanoseconds."""
        told = {path: (read_text(path) or "").split() for path in found_below(self._threads, "*/schedstat")}
        delays = {path: numbers[DELAY] for path, numbers in told.items() if len(numbers) > DELAY}
        return {path: int(delay) for path, delay in delays.items() if delay.isdecimal()}
