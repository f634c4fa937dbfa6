"""Times probes well: warm-up, repeats until the error is small, a reference around every round, visits that are merged."""

from blackthorn.timing.estimates import Estimate, trimmed_mean
from blackthorn.timing.policy import TimingPolicy
from blackthorn.timing.reference import LoadedReference
from blackthorn.timing.rounds import Round, speed
from blackthorn.timing.timer import Timer

__all__ = ["Estimate", "LoadedReference", "Round", "Timer", "TimingPolicy", "speed", "trimmed_mean"]
