"""What slows a computer down to protect it from heat or too much current, as Linux tells it.

Three things tell. Jetsons have cooling devices named `*-throttle-alert` (and `hot-surface-alert`) whose state is not 0 while
they slow a part down; other cooling devices are fans and limits of the power mode, and tell nothing. Over-current events are
counted (`oc1_event_cnt` on Jetsons), and so are throttled moments of Intel's processors. And a clock that was locked, yet is
slower than what it was locked at, or may only be slower now, has been slowed down: the kernel takes its limits down with it.
"""

from pathlib import Path

from blackthorn.runners.jetson import Clock, cpu_clocks, gpu_clocks
from blackthorn.runners.system_files import ROOT, found_below, read_number, read_text

COOLING = "sys/class/thermal/cooling_device*"
ALERT = "-alert"
COUNTERS = (
    "sys/class/hwmon/hwmon*/oc*_event_cnt",
    "sys/devices/system/cpu/cpu*/thermal_throttle/core_throttle_count",
)
"""Files that count what slowed the computer down."""
SLOWED = 0.95
"""A locked clock is slowed down below this share of what it was locked at: rates are told rounded or as they were counted."""


class SystemWatch:
    """Asked around every measurement what slows the computer down.

    Args:
        root: where the system's files are.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._root = root
        self._alerts = [folder for folder in found_below(root, COOLING) if (read_text(folder / "type") or "").endswith(ALERT)]
        self._counters = found_below(root, *COUNTERS)
        self._counts = self._read_counters()
        self._locked = {clock.name: clock.highest for clock in self._clocks() if clock.is_locked}

    def reasons(self) -> list[str]:
        """What slows it down now, and what did since this was last asked; none where all is well or nobody tells."""
        before, self._counts = self._counts, self._read_counters()
        alerts = [read_text(folder / "type") or "" for folder in self._alerts if (read_number(folder / "cur_state") or 0) > 0]
        counted = [str(path.relative_to(self._root)) for path, count in self._counts.items() if count > before[path]]
        slowed = [clock for clock in self._clocks() if self._is_slowed(clock)] if self._locked else []
        return [*alerts, *counted, *(f"{clock.name} at {clock.text()}" for clock in slowed)]

    def _clocks(self) -> tuple[Clock, ...]:
        return cpu_clocks(self._root) + gpu_clocks(self._root)

    def _is_slowed(self, clock: Clock) -> bool:
        """Whether a clock that was locked is slower now."""
        locked = self._locked.get(clock.name, 0)
        return min(clock.highest, clock.now or clock.highest) < SLOWED * locked

    def close(self) -> None:
        """Nothing is held."""

    def _read_counters(self) -> dict[Path, int]:
        return {path: read_number(path) or 0 for path in self._counters}
