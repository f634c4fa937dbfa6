"""What ONNX Runtime's profiler adds to the time that it tells of a node.

Between the two moments whose difference it gives, the profiler writes down the node's name, shapes and sizes (KernelScope in
ONNX Runtime's sequential executor): 2 to 7 us, as long as small layers take. It does so for every node alike, within a
microsecond, so nodes that have nothing to do show how long.
"""

import statistics
import time

from blackthorn.layers import layer_kind
from blackthorn.runners.ort_providers import CPU, Provider
from blackthorn.runners.ort_session import ProfiledSession, Threads

CHAIN = {"nodes": 50}
"""Idle nodes in a row."""
CALLS = 20
"""Calls behind the median."""
FRESH_SECONDS = 10.0
"""How long a figure is used: it goes with the machine's speed, which stays for seconds at the least."""


class ProfilerShare:
    """The profiler's share of the time that it tells of every node, measured from time to time.

    Args:
        threads: threads and CPUs that sessions work with.
        provider: whose kernels they run.
    """

    def __init__(self, threads: Threads, provider: Provider = CPU) -> None:
        self._threads = threads
        self._provider = provider
        self._seconds = 0.0
        self._until = 0.0

    def seconds(self) -> float:
        """The share now, in seconds a node."""
        if time.monotonic() >= self._until:
            self._seconds = _measured(self._threads, self._provider)
            self._until = time.monotonic() + FRESH_SECONDS
        return self._seconds


def _measured(threads: Threads, provider: Provider) -> float:
    chain = layer_kind("dispatch").onnx_model(CHAIN, "fp32")
    with ProfiledSession(chain, threads, provider=provider, may_fall_back=True) as session:
        for _ in range(CALLS):
            session.call()
        calls = session.finish()
    return statistics.median(statistics.fmean(node.seconds for node in nodes) for nodes in calls)
