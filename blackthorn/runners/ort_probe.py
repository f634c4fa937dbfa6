"""A probe on ONNX Runtime: its calls, and what the runtime's profiler tells of its layers in each of them."""

import math

from blackthorn.errors import NotMeasured
from blackthorn.layers import LayerKind, layer_kind
from blackthorn.records import Probe
from blackthorn.runners.base import CallTimes, LoadedProbe
from blackthorn.runners.ort_providers import CPU, Provider
from blackthorn.runners.ort_session import NodeTime, ProfiledSession

LEAST_SECONDS = 1e-9
"""No time is given as less: the resolution of the clock."""


def is_timed_by_call(kind: LayerKind, provider: Provider) -> bool:
    """Whether a layer's time is that of a call of its probe: it is none of kernels, or no profile tells that of kernels."""
    return kind.timed_by_call or (provider.returns_early and not provider.can_block)


class OnnxRuntimeProbe(LoadedProbe):
    """A probe as an ONNX Runtime session.

    Args:
        session: the probe's model, ready.
        probe: what it is.
        overhead: wall seconds of a call that does no work.
        profiled: whether to keep the times of calls.
        share: seconds of every kernel's time that are the profiler's.
        provider: whose kernels run it.
    """

    def __init__(
        self,
        session: ProfiledSession,
        probe: Probe,
        overhead: float,
        *,
        profiled: bool,
        share: float = 0.0,
        provider: Provider = CPU,
    ) -> None:
        kind = layer_kind(probe.layer)
        self._session = session
        self._probe = probe
        self._overhead = overhead
        self._profiled = profiled
        self._share = share
        self._by_call = is_timed_by_call(kind, provider)
        self._operators = kind.operators
        self._copies = kind.copies(probe.dimensions, probe.precision)
        self._wall: list[float] = []

    def call(self) -> float:
        seconds = max(self._session.call() - self._overhead, LEAST_SECONDS) / self._copies
        if self._profiled:
            self._wall.append(seconds)
        return seconds

    def finish(self) -> CallTimes:
        if not self._profiled:
            return CallTimes((), ())
        if self._by_call:
            return CallTimes(self._wall, self._wall)
        calls = self._session.finish()
        if self._session.is_merged:
            return CallTimes(self._wall, self._wall)
        return CallTimes(self._wall, [self._layer_seconds(nodes) for nodes in calls])

    def _layer_seconds(self, nodes: list[NodeTime]) -> float:
        """The kernel time of one layer in one call.

        Raises:
            NotMeasured: no node of the call is of the layer's kind.
        """
        layers = [node.seconds - self._share for node in nodes if node.operator in self._operators]
        if not layers:
            ran = ", ".join(sorted({node.operator for node in nodes})) or "nothing"
            raise NotMeasured(
                f"ONNX Runtime ran {self._probe.key} as {ran}, none of which is known as its kernel",
                f"add the operator's name to those of {self._probe.layer}",
            )
        return max(math.fsum(layers) / self._copies, LEAST_SECONDS)

    def close(self) -> None:
        self._session.close()
