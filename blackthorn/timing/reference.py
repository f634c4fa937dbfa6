"""The layer beside which others are timed: how fast the machine is now, for layers like it."""

import math
from collections.abc import Callable
from types import TracebackType

from typing_extensions import Self

from blackthorn.runners.base import LoadedProbe


class LoadedReference:
    """A reference probe, ready to be timed again and again; a context manager that frees it.

    Args:
        loaded: the probe.
        clock: the runner's.
        least: how long one timing lasts at least, in seconds.
        most_calls: calls of one timing at most.
    """

    def __init__(self, loaded: LoadedProbe, clock: Callable[[], float], least: float, most_calls: int) -> None:
        self._loaded = loaded
        loaded.call()
        begin = clock()
        seconds = max(loaded.call(), clock() - begin)
        self._calls = max(1, min(most_calls, math.ceil(least / seconds)))

    def time(self) -> float:
        """Seconds that it takes now."""
        self._loaded.call()  # brings its data back into the cache, which a probe or a network may have filled
        return math.fsum(self._loaded.call() for _ in range(self._calls)) / self._calls

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._loaded.close()
