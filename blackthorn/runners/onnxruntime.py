"""ONNX Runtime on the CPU: kernel times from its own profiler, threads and affinity under control."""

import math
import os
import platform
import statistics
from collections.abc import Sequence
from contextlib import suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from blackthorn.errors import BadValue, MissingPackage, NotMeasured
from blackthorn.layers import layer_kind
from blackthorn.onnx_graph import Fusions
from blackthorn.records import Device, Probe
from blackthorn.runners.base import CallTimes, LoadedProbe, Runner
from blackthorn.runners.host import describe_host
from blackthorn.runners.network import Shapes
from blackthorn.runners.ort_fusions import block_size, onnxruntime_fusions
from blackthorn.runners.ort_network import OnnxRuntimeNetwork
from blackthorn.runners.ort_profiler import ProfilerShare
from blackthorn.runners.ort_session import NodeTime, ProfiledSession, Threads
from blackthorn.runners.throttling import SystemWatch

USUAL = {"filters": 64, "channels": 64, "size": 32, "kernel": 3}
"""A convolution like those in the middle of most networks, beside which networks are timed; about 0.6 ms on one x86 core.

What is measured and what it is divided by must answer alike to a slower machine. Against this one, convolutions of its class
slowed with the power 1.0, large ones that read many weights 0.6, 1x1 ones 0.6 to 0.9, depthwise ones, LRN, dense layers,
pooling and all that moves memory 0.2 to 0.4. Hence a reference of each class.
"""
OVERHEAD_CALLS = 200
"""Calls behind the median call overhead: a few microseconds each, so a millisecond in all."""
LEAST_SECONDS = 1e-9
"""No time is given as less: the resolution of the clock."""


class OnnxRuntimeProbe(LoadedProbe):
    """A probe as an ONNX Runtime session.

    Args:
        session: the probe's model, ready.
        probe: what it is.
        overhead: wall seconds of a call that does no work.
        profiled: whether to keep the times of calls.
        share: seconds of every kernel's time that are the profiler's.
    """

    def __init__(self, session: ProfiledSession, probe: Probe, overhead: float, *, profiled: bool, share: float = 0.0) -> None:
        kind = layer_kind(probe.layer)
        self._session = session
        self._probe = probe
        self._overhead = overhead
        self._profiled = profiled
        self._share = share
        self._by_call = kind.timed_by_call
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
        kernel = [self._layer_seconds(nodes) for nodes in self._session.finish()]
        return CallTimes(self._wall, kernel)

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


class OnnxRuntimeRunner(Runner):
    """ONNX Runtime's CPU provider.

    Args:
        threads: threads that work on one layer.
        affinity: CPUs to run on, counted from 0; empty lets the system choose.

    Raises:
        BadValue: fewer than one thread, or a CPU that is not there.
    """

    name: ClassVar[str] = "onnxruntime"
    summary: ClassVar[str] = "ONNX Runtime on the CPU, kernel times from its profiler"

    def __init__(self, threads: int = 1, affinity: tuple[int, ...] = ()) -> None:
        if threads < 1:
            raise BadValue(f"threads={threads} is too few", "use at least 1")
        if affinity:
            _check_affinity(affinity)
        self._threads = Threads(threads, affinity)
        self._overhead: float | None = None
        self._profiler = ProfilerShare(self._threads)
        self._affinity_before: set[int] | None = None
        self._watch = SystemWatch()

    @classmethod
    def lacks(cls) -> str | None:
        if find_spec("onnxruntime") is None:
            return str(MissingPackage("onnxruntime", "onnxruntime", "the runner 'onnxruntime'"))
        return None

    @classmethod
    def fusions(cls, device: Device) -> Fusions:
        return onnxruntime_fusions(block_size(device))

    def device(self) -> Device:
        host = describe_host()
        return Device(
            name=f"{host.name}-{self.name}-{self._threads.number}t",
            runner=self.name,
            hardware=host.hardware,
            threads=self._threads.number,
            affinity=self._threads.affinity,
            versions={**_versions("onnxruntime", "numpy"), "python": platform.python_version()},
            details=host.details,
        )

    def load(self, probe: Probe, *, profiled: bool = True) -> OnnxRuntimeProbe:
        kind = layer_kind(probe.layer)
        model = kind.onnx_model(probe.dimensions, probe.precision)
        if kind.timed_by_call:
            session = ProfiledSession(model, self._threads, title=probe.key, profiled=False)
            return OnnxRuntimeProbe(session, probe, 0.0, profiled=profiled)
        overhead, share = self._call_overhead(), self._profiler.seconds() if profiled else 0.0
        session = ProfiledSession(model, self._threads, title=probe.key, profiled=profiled)
        return OnnxRuntimeProbe(session, probe, overhead, profiled=profiled, share=share)

    def load_network(self, path: Path, input_shapes: Shapes) -> OnnxRuntimeNetwork:
        return OnnxRuntimeNetwork(path, self._threads, input_shapes, self._profiler.seconds())

    def warnings(self) -> Sequence[str]:
        return describe_host().warnings

    def throttled_by(self) -> Sequence[str]:
        return self._watch.reasons()

    def reference(self, layer: Probe | None = None) -> Probe | None:
        return layer or layer_kind("conv2d").probe_at(USUAL)

    def open(self) -> None:
        if self._threads.affinity:
            self._affinity_before = os.sched_getaffinity(0)
            os.sched_setaffinity(0, self._threads.affinity)

    def close(self) -> None:
        if self._affinity_before is not None:
            os.sched_setaffinity(0, self._affinity_before)
            self._affinity_before = None

    def _call_overhead(self) -> float:
        """Wall seconds of a call of one node that has nothing to do; timed once."""
        if self._overhead is None:
            with ProfiledSession(idle_model(), self._threads, profiled=False) as session:
                self._overhead = statistics.median(session.call() for _ in range(OVERHEAD_CALLS))
        return self._overhead


def _versions(*packages: str) -> dict[str, str]:
    """The versions of those packages that are installed: a device can be named where nothing can be timed."""
    found: dict[str, str] = {}
    for package in packages:
        with suppress(PackageNotFoundError):
            found[package] = version(package)
    return found


def idle_model() -> bytes:
    """A serialised model of one node that has nothing to do."""
    return layer_kind("dispatch").onnx_model({"nodes": 1}, "fp32")


def _check_affinity(affinity: tuple[int, ...]) -> None:
    """Refuse CPUs that this process cannot run on.

    Raises:
        BadValue: the system cannot pin processes, or has no such CPU.
    """
    if not hasattr(os, "sched_setaffinity"):
        raise BadValue(f"this system ({platform.system()}) cannot pin a process to CPUs", "leave the affinity out")
    allowed = os.sched_getaffinity(0)
    missing = sorted(set(affinity) - allowed)
    if missing:
        raise BadValue(f"there is no CPU {missing[0]} to run on", f"choose from: {', '.join(map(str, sorted(allowed)))}")
