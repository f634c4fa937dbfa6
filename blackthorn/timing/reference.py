"""The layer beside which others are timed: how fast the machine is now, for layers like it."""

import math
from types import TracebackType

from typing_extensions import Self

from blackthorn.runners.base import LoadedProbe, Runner
from blackthorn.timing.policy import TimingPolicy
from blackthorn.timing.rounds import called

ATTEMPTS = 4
"""Times as many calls are made at most until enough were not interrupted: another process on the same processor has it for some
milliseconds at a time."""
FILLED_WITHIN = 0.02
"""How much faster than the one before a call may be once caches are filled, relative. After a network, or a layer that moves
megabytes, the calls of one reference took 1.35, 1.26, 1.07, 1.03 and 1.01 times as long as later ones: caches do not let go at
once of what was streamed through them."""
FILLING_CALLS = 6
"""Calls at most until they are filled."""


class LoadedReference:
    """A reference probe, ready to be timed again and again; a context manager that frees it.

    Args:
        loaded: the probe.
        runner: what loaded it, whose clock tells the time, and which knows when others had the processor.
        policy: how long one timing lasts at least, and which calls count.
    """

    def __init__(self, loaded: LoadedProbe, runner: Runner, policy: TimingPolicy) -> None:
        self._loaded = loaded
        self._waited = runner.waited
        self._running_at_least = policy.running_at_least
        loaded.call()
        begin = runner.clock()
        seconds = max(loaded.call(), runner.clock() - begin)
        self._calls = max(1, min(policy.most_calls, math.ceil(policy.reference_seconds / seconds)))

    def time(self) -> float:
        """Seconds that it takes now."""
        self._fill_caches()
        return called(self._loaded.call, self._waited, self._calls, ATTEMPTS * self._calls, self._running_at_least).wall

    def _fill_caches(self) -> None:
        """Call until its data are back in the caches, which a probe or a network may have filled."""
        before = math.inf
        for _ in range(FILLING_CALLS):
            seconds = self._loaded.call()
            if seconds >= (1 - FILLED_WITHIN) * before:
                return
            before = seconds

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loaded.close()
