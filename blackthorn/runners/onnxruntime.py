"""ONNX Runtime: kernel times from its own profiler, threads, affinity and execution provider under control.

The profile times the calls that run kernels. On a GPU these only start them, so CUDA is told to wait for each kernel before
it returns, and what a kernel without work takes then is taken off as anywhere else. That slows whole networks down, which are
therefore run without it: whichever is loaded first in a process, a probe or a network, decides for all that follow. A probe
that its provider compiles into one kernel (TensorRT, OpenVINO) is timed by the call, what writes and reads the layer with it.
"""

import os
import platform
import statistics
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from importlib.metadata import PackageNotFoundError, version
from importlib.util import find_spec
from pathlib import Path
from typing import ClassVar

from blackthorn.errors import BadValue, MissingPackage
from blackthorn.layers import layer_kind
from blackthorn.onnx_graph import Fusions
from blackthorn.records import Device, Probe
from blackthorn.runners.base import Runner
from blackthorn.runners.cold_caches import ColdCaches
from blackthorn.runners.contention import Contention
from blackthorn.runners.host import Host, describe_host
from blackthorn.runners.network import LoadedNetwork, Shapes
from blackthorn.runners.nvidia_gpu import Gpu, GpuWatch, describe_gpu
from blackthorn.runners.ort_fusions import ANYWHERE, block_size, onnxruntime_fusions
from blackthorn.runners.ort_network import OnnxRuntimeNetwork
from blackthorn.runners.ort_probe import OnnxRuntimeProbe, is_timed_by_call
from blackthorn.runners.ort_profiler import IdleNodes
from blackthorn.runners.ort_provider_network import ProviderNetwork
from blackthorn.runners.ort_providers import CPU, NVIDIA, PACKAGES, blocking_launches, check_starts, provider_named
from blackthorn.runners.ort_session import ProfiledSession, Threads
from blackthorn.runners.processor_caches import last_cache_bytes
from blackthorn.runners.throttling import SystemWatch
from blackthorn.runners.trt_fusions import TENSORRT_FUSIONS
from blackthorn.runners.waiting import Waiting

USUAL = {"filters": 64, "channels": 64, "size": 32, "kernel": 3}
"""A convolution like those in the middle of most networks, beside which networks are timed; about 0.6 ms on one x86 core.

What is measured and what it is divided by must answer alike to a slower machine. Against this one, convolutions of its class
slowed with the power 1.0, large ones that read many weights 0.6, 1x1 ones 0.6 to 0.9, depthwise ones, LRN, dense layers,
pooling and all that moves memory 0.2 to 0.4. Hence a reference of each class.
"""
PROVIDER = "provider"
"""What a device's details call the provider, where it is another than the CPU's."""
OVERHEAD_CALLS = 200
"""Calls behind the median call overhead: a few microseconds each, so a millisecond in all."""


class OnnxRuntimeRunner(Runner):
    """ONNX Runtime with one of its execution providers.

    Args:
        threads: threads that work on one layer.
        affinity: CPUs to run on, counted from 0; empty lets the system choose.
        provider: whose kernels run: `cpu`, or another one that the installed build has, such as `cuda`.

    Raises:
        BadValue: fewer than one thread, or a CPU that is not there.
        UnknownName, BlackthornError: there is no such provider, or not in this build.
    """

    name: ClassVar[str] = "onnxruntime"
    summary: ClassVar[str] = "ONNX Runtime on the CPU or another --provider, kernel times from its profiler"
    times_footprints: ClassVar[bool] = True

    def __init__(self, threads: int = 1, affinity: tuple[int, ...] = (), provider: str = CPU.name) -> None:
        if threads < 1:
            raise BadValue(f"threads={threads} is too few", "use at least 1")
        if affinity:
            _check_affinity(affinity)
        self._threads = Threads(threads, affinity)
        self._provider = provider_named(provider)
        self._overhead: float | None = None
        self._affinity_before: set[int] | None = None
        self._watch: SystemWatch | GpuWatch = SystemWatch()
        self._waiting = Waiting()
        self._contention: Contention | None = None
        self._cold: ColdCaches | None = None
        self._begun = ExitStack()
        self._has_begun = False

    @classmethod
    def lacks(cls) -> str | None:
        if find_spec("onnxruntime") is None:
            return str(MissingPackage("onnxruntime", "onnxruntime", "the runner 'onnxruntime'"))
        return None

    @classmethod
    def fusions(cls, device: Device) -> Fusions:
        provider = device.details.get(PROVIDER, CPU.name)
        if provider == CPU.name:
            return onnxruntime_fusions(block_size(device))
        return TENSORRT_FUSIONS if provider == "tensorrt" else ANYWHERE

    def device(self) -> Device:
        host, provider = describe_host(), self._provider
        gpu = describe_gpu() if provider.memory == NVIDIA else None
        own = () if provider.is_cpu else (provider.name,)
        versions = {**_versions(self.name, *PACKAGES.values(), "numpy"), "python": platform.python_version()}
        return Device(
            name="-".join([gpu.name if gpu else host.name, self.name, *own, f"{self._threads.number}t"]),
            runner=self.name,
            hardware=f"{gpu.hardware}; {host.hardware}" if gpu else host.hardware,
            threads=self._threads.number,
            affinity=self._threads.affinity,
            versions=versions | ({"driver": gpu.driver} if gpu else {}),
            details=host.details | self._provider_details(host, gpu),
        )

    def _provider_details(self, host: Host, gpu: Gpu | None) -> dict[str, str]:
        """What to keep of a provider other than the CPU's, and of its GPU as far as that is no part of the computer."""
        named = {} if self._provider.is_cpu else {PROVIDER: self._provider.name}
        told = {} if gpu is None else gpu.details
        return named | {f"gpu_{name}": value for name, value in told.items() if host.details.get(name) != value}

    def load(self, probe: Probe, *, profiled: bool = True) -> OnnxRuntimeProbe:
        self._begin(blocking=True)
        kind, provider = layer_kind(probe.layer), self._provider
        model = kind.onnx_model(probe.dimensions, probe.precision, probe.footprint)
        if kind.timed_by_call:
            session = ProfiledSession(model, self._threads, title=probe.key, profiled=False, provider=provider)
            return OnnxRuntimeProbe(session, probe, 0.0, profiled=profiled, provider=provider)
        is_told = profiled and not is_timed_by_call(kind, provider)
        overhead = self._call_overhead()
        session = ProfiledSession(model, self._threads, title=probe.key, profiled=is_told, provider=provider, one_result=True)
        idle = IdleNodes(self._threads, provider) if is_told else None
        is_cold = is_told and provider.is_cpu and kind.fetches_weights and not probe.footprint
        cold = self._cold_caches() if is_cold else None
        return OnnxRuntimeProbe(session, probe, overhead, profiled=profiled, idle=idle, cold=cold, provider=provider)

    def load_network(self, path: Path, input_shapes: Shapes) -> LoadedNetwork:
        self._begin(blocking=False)
        if self._provider.is_cpu:
            return OnnxRuntimeNetwork(path, self._threads, input_shapes)
        return ProviderNetwork(path, self._threads, input_shapes, self._provider)

    def warnings(self) -> Sequence[str]:
        return describe_host().warnings

    def throttled_by(self) -> Sequence[str]:
        return self._watch.reasons()

    def waited(self) -> float:
        return self._waiting.share()

    def contention(self) -> float:
        if not self._provider.is_cpu:
            return 0.0
        if self._contention is None:
            self._contention = Contention()
        return self._contention.processors()

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
        self._begun.close()
        self._has_begun = False
        self._cold = self._contention = None

    def _begin(self, *, blocking: bool) -> None:
        """Start the provider, once.

        Args:
            blocking: whether calls are to wait for the kernels that they start.

        Raises:
            DeviceFault: it cannot run here.
            MissingPackage: what tells of the GPU is not installed.
        """
        if self._has_begun or self._provider.is_cpu:
            return
        with ExitStack() as beginning:
            if blocking and self._provider.can_block:
                beginning.enter_context(blocking_launches())
            if self._provider.memory == NVIDIA:
                self._watch = beginning.enter_context(GpuWatch())
            check_starts(self._provider, idle_model())
            self._begun = beginning.pop_all()
        self._has_begun = True

    def _call_overhead(self) -> float:
        """Wall seconds of a call of one node that has nothing to do; timed once."""
        if self._overhead is None:
            idle = ProfiledSession(idle_model(), self._threads, profiled=False, provider=self._provider, may_fall_back=True)
            with idle as session:
                self._overhead = statistics.median(session.call() for _ in range(OVERHEAD_CALLS))
        return self._overhead

    def _cold_caches(self) -> ColdCaches:
        """What empties this computer's caches; it holds more memory than they do, so there is one for all probes."""
        if self._cold is None:
            self._cold = ColdCaches(last_cache_bytes())
        return self._cold


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
