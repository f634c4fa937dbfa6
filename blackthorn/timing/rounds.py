"""Some calls in a row between two timings of the reference: what is divided by what."""

import math
import operator
from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.runners.base import CallTimes
from blackthorn.timing.estimates import trimmed_mean

HELD = 0.9
"""Share of what others took that the time around kernels holds at least where it was taken there: it is not told exactly."""


class Calls(NamedTuple):
    """Calls in a row that count: those that no other process interrupted, or all where there are none.

    `numbers` are theirs among all of the row, `seconds` what they took, and `running` the share of each for which no other
    process had the processor.
    """

    numbers: tuple[int, ...]
    seconds: tuple[float, ...]
    running: tuple[float, ...]

    @property
    def wall(self) -> float:
        """Mean seconds, without what others took."""
        return math.fsum(map(operator.mul, self.running, self.seconds)) / len(self.seconds)

    def kernel(self, seconds: Iterable[float], usual: Iterable[float]) -> float:
        """Mean seconds of kernels without what others took of them.

        Args:
            seconds, usual: as `CallTimes` has them, one number a call; the same where it has no usual ones.
        """
        return math.fsum(map(_left, seconds, usual, self.seconds, self.running)) / len(self.seconds)


def _left(kernel: float, usual: float, wall: float, running: float) -> float:
    """What is left of a call's kernels without what others took.

    That lies in kernels that took longer than usual, as far as these did. What it is more, others mostly took at once: of the
    time around kernels if that holds as much, else of kernels, or where neither does of both alike.
    """
    waited = (1.0 - running) * wall
    seen = min(waited, max(0.0, kernel - usual))
    kernel, wall, waited = kernel - seen, wall - seen, waited - seen
    if wall - kernel >= HELD * waited:
        return kernel
    return kernel - waited if kernel > waited else kernel * (1.0 - waited / wall)


def called(call: Callable[[], float], waited: Callable[[], float], count: int, most: int, running_at_least: float) -> Calls:
    """Call something until so many calls were not interrupted.

    Args:
        call: what gives its wall seconds.
        waited: `Runner.waited`.
        count: how many calls are to count.
        most: calls at most.
        running_at_least: share of a call that counts for which no other process may have the processor.
    """
    waited()  # forgets what was before
    seconds: list[float] = []
    running: list[float] = []
    alone: list[int] = []
    while len(alone) < count and len(seconds) < most:
        seconds.append(call())
        running.append(1.0 - waited())
        if running[-1] >= running_at_least:
            alone.append(len(seconds) - 1)
    counted = alone or range(len(seconds))
    return Calls(tuple(counted), tuple(seconds[i] for i in counted), tuple(running[i] for i in counted))


class Round(NamedTuple):
    """Some calls of a probe in a row, `first` the number of the first one, and seconds of the reference before and after."""

    first: int
    calls: Calls
    before: float
    after: float

    @property
    def wall(self) -> float:
        """Wall seconds of a call."""
        return self.calls.wall

    @property
    def running(self) -> float:
        """The share of the calls that count for which no other process had the processor: that of the one with the least."""
        return min(self.calls.running)

    @property
    def reference(self) -> float:
        """The reference's time during the round."""
        return (self.before + self.after) / 2

    @property
    def unsteadiness(self) -> float:
        """How far the speed moved within the round, relative."""
        return abs(self.after - self.before) / self.reference

    def nodes(self, seconds: NDArray[np.float64]) -> NDArray[np.float64]:
        """Mean seconds of nodes, shape (nodes,), over the calls that count, what others took taken off all nodes alike.

        Args:
            seconds: of all calls, shape (calls, nodes).
        """
        counted = seconds[self.first + np.array(self.calls.numbers)]
        mean: NDArray[np.float64] = np.array(self.calls.running) @ counted / len(counted)
        return mean

    def kernel(self, times: CallTimes) -> float:
        """Mean kernel seconds of the calls that count, from the times of all calls of the probe."""
        counted = [self.first + number for number in self.calls.numbers]
        usual = times.usual or times.kernel
        return self.calls.kernel((times.kernel[number] for number in counted), (usual[number] for number in counted))


def speed(rounds: Sequence[Round]) -> float:
    """Seconds that the reference took on average through rounds."""
    return trimmed_mean([entry.reference for entry in rounds]).mean
