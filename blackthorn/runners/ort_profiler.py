"""What ONNX Runtime's profiler adds to the time that it tells of a node.

Between the two moments whose difference it gives, the profiler writes down the node's name, shapes and sizes (KernelScope in
ONNX Runtime's sequential executor): 3 to 8 us, as long as small layers take, and by how much changes from second to second
with the machine's speed. It does so for every node alike, so nodes that have nothing to do, called in turn with what is
timed, show how long at that moment.

The first of them find caches full of what ran before, the more so the larger that was: after ShuffleNet the first took 10.6 us,
after DenseNet 21, the third and later ones 3.3. That is no share of every node: nodes without work that were put in between
those of five networks took 3.2 to 4.1 us. Counted in, the first took 0.4 to 2 us too much off every kernel, more in networks
than in probes, which are smaller; and the time between kernels seemed to be 1.5 to 3 us a node, where sessions that ran with
the profiler and then without it told of 0.3 at most, give or take 0.7.
"""

import statistics
from functools import lru_cache
from types import TracebackType

from typing_extensions import Self

from blackthorn.layers import layer_kind
from blackthorn.runners.ort_providers import CPU, Provider
from blackthorn.runners.ort_session import ProfiledSession, Threads

IDLE_NODES = 10
"""Idle nodes in a row that count: times are whole microseconds, and calls are many."""
COLD_NODES = 2
"""Idle nodes before them, which bring back into the caches what all of them use."""
LEAST_SHARE = 0.05
"""What is left of a kernel's time is at least this part of the profiler's own: less cannot be told from nothing."""


class IdleNodes:
    """Nodes that have nothing to do, under the profiler; a context manager.

    Args:
        threads: threads and CPUs that sessions work with.
        provider: whose kernels they run.
    """

    def __init__(self, threads: Threads, provider: Provider = CPU) -> None:
        self._session = ProfiledSession(_chain(), threads, provider=provider, may_fall_back=True)

    def call(self) -> None:
        """Run them once: right after each call of what is timed."""
        self._session.call()

    def shares(self) -> list[float]:
        """Seconds of a node's time that are the profiler's, around every call so far; no call may follow."""
        return [statistics.fmean(node.seconds for node in nodes[COLD_NODES:]) for nodes in self._session.finish()]

    def close(self) -> None:
        """Free them; harmless when repeated."""
        self._session.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@lru_cache(maxsize=1)
def _chain() -> bytes:
    return layer_kind("dispatch").onnx_model({"nodes": COLD_NODES + IDLE_NODES}, "fp32")
