"""A GPU that is none: what it does, how long that takes on a clock of its own, and what was asked of it in which order.

Work stands on a stream with the moment at which the computer put it there. When the stream is waited for, the device runs it:
nothing begins before it was there, and nothing behind a closed gate before that was opened.
"""

import weakref
from collections import Counter
from collections.abc import Callable
from typing import Any

LAUNCH_SECONDS = 5e-6
"""What the computer takes to put something on a stream."""
LAYER_SECONDS = 20e-6
PROFILER_SECONDS = 2.5e-6
"""What the profiler adds to every layer."""


class Script:
    """All that a test decides, and all that it may look at afterwards."""

    def __init__(self) -> None:
        self.version = "10.3.0"
        self.driver_version = 12020
        self.built_with = (12, 2, 0)
        self.no_driver = False
        self.init_error: str | None = None
        self.devices = 1
        self.gpu = "Orin"
        self.capability = (8, 7)
        self.memory = 8 * 2**30
        self.refused_operators: frozenset[str] = frozenset()
        self.build_error: str | None = None
        self.build_steps = 3
        self.builder_error: str | None = None
        self.launches_wait = False
        self.on_launch: Callable[[int], None] = lambda count: None
        self.pace: Callable[[int], float] = lambda count: 1.0
        self.launch_fails = False
        self.profiler_is_silent = False
        self.contexts_fail = False
        self.tensors_on_host: frozenset[str] = frozenset()
        self.results_hang_on_numbers = False
        self.refused_addresses: frozenset[str] = frozenset()

        self.journal: list[str] = []
        self.faults: list[str] = []
        self.live: Counter[str] = Counter()
        self.contexts = 0
        self.taken = 0
        self.launches = 0
        self.builds = 0
        self.computer = 0.0
        self.device = 0.0
        self.streams: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self.pinned: weakref.WeakValueDictionary[int, Any] = weakref.WeakValueDictionary()
        self.host_set: dict[str, Any] = {}

    def note(self, what: str) -> None:
        """Write down that something was asked."""
        self.journal.append(what)

    def hold(self, kind: str, thing: Any) -> None:
        """Count a thing until it is gone, which it must be while there is a context."""
        if not self.contexts:
            self.faults.append(f"{kind} made without a context")
        self.live[kind] += 1
        weakref.finalize(thing, self._gone, kind).atexit = False

    def _gone(self, kind: str) -> None:
        self.live[kind] -= 1
        if not self.contexts:
            self.faults.append(f"{kind} let go without a context")

    @property
    def alive(self) -> dict[str, int]:
        """What was not let go."""
        return {kind: count for kind, count in self.live.items() if count}


script = Script()
