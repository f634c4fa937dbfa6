"""Some calls in a row between two timings of the reference: what is divided by what."""

import math
from collections.abc import Sequence
from typing import NamedTuple

from blackthorn.runners.base import CallTimes
from blackthorn.timing.estimates import trimmed_mean


class Round(NamedTuple):
    """Some calls of a probe in a row, with the reference before and after; times in seconds.

    `running` is the share of the round for which no other process had the processor; `wall` is what is left without the rest.
    """

    first: int
    calls: int
    wall: float
    before: float
    after: float
    running: float = 1.0

    @property
    def reference(self) -> float:
        """The reference's time during the round."""
        return (self.before + self.after) / 2

    @property
    def unsteadiness(self) -> float:
        """How far the speed moved within the round, relative."""
        return abs(self.after - self.before) / self.reference

    def kernel(self, times: CallTimes) -> float:
        """Mean kernel seconds of the calls, from the times of all calls of the probe."""
        return self.running * math.fsum(times.kernel[self.first : self.first + self.calls]) / self.calls


def speed(rounds: Sequence[Round]) -> float:
    """Seconds that the reference took on average through rounds."""
    return trimmed_mean([entry.reference for entry in rounds]).mean
