"""What a number of timings of one thing say: a mean that outliers do not move, and how sure it is."""

import math
from collections.abc import Sequence
from typing import NamedTuple

TRIMMED = 0.25
"""Share of rounds left out at either end of the mean: preempted calls are outliers, whole microseconds forbid a median."""


class Estimate(NamedTuple):
    """A robust mean and its standard error."""

    mean: float
    error: float

    @property
    def relative_error(self) -> float:
        """The standard error as a fraction of the mean."""
        return self.error / self.mean


def trimmed_mean(values: Sequence[float], trimmed: float = TRIMMED) -> Estimate:
    """The mean without the largest and the smallest values, and its standard error from the winsorised deviation.

    Source: Tukey and McLaughlin, "Less vulnerable confidence and significance procedures for location based on a single
    sample", Sankhya A 25, 1963: s_w / ((1 - 2 g) sqrt(n)).

    Args:
        values: at least one number.
        trimmed: the share g left out at either end.
    """
    ordered = sorted(values)
    count = len(ordered)
    cut = int(trimmed * count)
    inner = ordered[cut : count - cut]
    mean = math.fsum(inner) / len(inner)
    winsorised = [inner[0]] * cut + inner + [inner[-1]] * cut
    centre = math.fsum(winsorised) / count
    variance = math.fsum((value - centre) ** 2 for value in winsorised) / max(count - 1, 1)
    return Estimate(mean, math.sqrt(variance / count) * count / len(inner))
