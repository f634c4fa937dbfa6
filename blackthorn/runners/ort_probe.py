"""A probe on ONNX Runtime: its calls, and what the runtime's profiler tells of its layers in each of them."""

import math

import numpy as np

from blackthorn.errors import NotMeasured
from blackthorn.layers import LayerKind, layer_kind
from blackthorn.records import Probe
from blackthorn.runners.base import CallTimes, LoadedProbe
from blackthorn.runners.cold_caches import ColdCaches
from blackthorn.runners.ort_profiler import LEAST_SHARE, Bookkeeping, IdleNodes, Overhead, bookkeeping, usual_mean
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
        idle: nodes that have nothing to do, called in turn with it; None where no profile is read.
        cold: empties caches before every call; None where layers find in them what they need.
        provider: whose kernels run it.
    """

    def __init__(
        self,
        session: ProfiledSession,
        probe: Probe,
        overhead: float,
        *,
        profiled: bool,
        idle: IdleNodes | None = None,
        cold: ColdCaches | None = None,
        provider: Provider = CPU,
    ) -> None:
        kind = layer_kind(probe.layer)
        self._session = session
        self._probe = probe
        self._overhead = overhead
        self._profiled = profiled
        self._idle = idle
        self._cold = cold
        self._by_call = is_timed_by_call(kind, provider)
        self._operators = kind.operators
        self._copies = kind.copies(probe.dimensions, probe.precision, probe.footprint)
        self._wall: list[float] = []

    def call(self) -> float:
        if self._cold is not None:
            self._cold.empty()
        seconds = max(self._session.call() - self._overhead, LEAST_SECONDS) / self._copies
        if self._idle is not None:
            self._idle.call()
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
        layers = list(map(self._layer_nodes, calls))
        overheads = [Overhead(0.0, math.nan)] * len(calls) if self._idle is None else self._idle.finish()
        profiler = bookkeeping(layers, overheads)
        told = [self._layer_seconds(*call, profiler) for call in zip(layers, overheads, strict=True)]
        return CallTimes(self._wall, [kernel for kernel, _ in told], [usual for _, usual in told])

    def _layer_nodes(self, nodes: list[NodeTime]) -> list[NodeTime]:
        """The nodes of a call that are the layer's.

        Raises:
            NotMeasured: none is of the layer's kind.
        """
        layers = [node for node in nodes if node.operator in self._operators]
        if not layers:
            ran = ", ".join(sorted({node.operator for node in nodes})) or "nothing"
            raise NotMeasured(
                f"ONNX Runtime ran {self._probe.key} as {ran}, none of which is known as its kernel",
                f"add the operator's name to those of {self._probe.layer}",
            )
        return layers

    def _layer_seconds(self, nodes: list[NodeTime], overhead: Overhead, profiler: Bookkeeping) -> tuple[float, float]:
        """The kernel time of one layer in one call, without what the profiler adds to each node, with what it cuts off.

        First as it was, then without the nodes that took far longer than those at their place in other copies.
        """
        added = profiler.slowness * overhead.within
        kernels = np.array([node.seconds + profiler.lost - added for node in nodes])
        least = max(LEAST_SHARE * added, LEAST_SECONDS)
        kernel = max(math.fsum(kernels) / self._copies, least)
        if len(nodes) % self._copies:
            return kernel, kernel
        usual = math.fsum(map(usual_mean, kernels.reshape(self._copies, -1).T))
        return kernel, max(usual, least)

    def close(self) -> None:
        self._session.close()
        if self._idle is not None:
            self._idle.close()
