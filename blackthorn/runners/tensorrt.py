"""TensorRT on an NVIDIA GPU: engines of probes, timed by events on the device with weights cold and launches hidden."""

from __future__ import annotations

import logging
import math
import platform
import statistics
import traceback
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, NamedTuple, TypeVar

from blackthorn.errors import BadValue, BlackthornError, MissingPackage, first_line
from blackthorn.layers import layer_kind
from blackthorn.onnx_graph import Fusions
from blackthorn.records import Device, Probe
from blackthorn.runners.base import CallTimes, LoadedProbe, Runner
from blackthorn.runners.cuda import Gpu, lacks_cuda
from blackthorn.runners.cuda_device import describe_device, watch
from blackthorn.runners.host import describe_host
from blackthorn.runners.network import Shapes
from blackthorn.runners.nvidia_gpu import GpuWatch
from blackthorn.runners.throttling import SystemWatch
from blackthorn.runners.trt_engines import BuildOptions, EngineBuilder, Model
from blackthorn.runners.trt_fusions import TENSORRT_FUSIONS
from blackthorn.runners.trt_layers import engine_layers, part_of_call, without_profiler
from blackthorn.runners.trt_network import TensorRtNetwork, network_model
from blackthorn.runners.trt_probes import NODE, is_of_eight_bits, tensorrt_model
from blackthorn.runners.trt_session import CallOptions, EngineSession
from blackthorn.runners.trt_versions import find_library, import_library, library_version

if TYPE_CHECKING:
    import tensorrt

log = logging.getLogger(__name__)

USUAL = {"filters": 64, "channels": 64, "size": 32, "kernel": 3}
"""A convolution like those in the middle of most networks, beside which networks are timed."""
LEAST_SECONDS = 1e-9
"""No time is given as less."""
IDLE_CALLS = 50
"""Calls behind the median of what a call of nothing takes: a few microseconds each."""
PROFILED_CALLS = 10
"""Calls that find what part of a probe is its layers: a share, which scatters less than times do."""
ResultT = TypeVar("ResultT")


class TensorRtProbe(LoadedProbe):
    """A probe as an engine.

    Args:
        session: the engine, ready.
        probe: what it is.
        idle: seconds that a call of nothing takes.
        profiled: whether to keep the times of calls.
    """

    def __init__(self, session: EngineSession, probe: Probe, idle: float, *, profiled: bool) -> None:
        self._session = session
        self._title = probe.key
        self._copies = layer_kind(probe.layer).copies(probe.dimensions, probe.precision)
        self._idle = idle
        self._profiled = profiled
        self._wall: list[float] = []

    def call(self) -> float:
        seconds = max(self._session.call() - self._idle, LEAST_SECONDS) / self._copies
        if self._profiled:
            self._wall.append(seconds)
        return seconds

    def finish(self) -> CallTimes:
        if not self._profiled:
            return CallTimes((), ())
        part = self._layers_part() if self._wall else 1.0
        return CallTimes(self._wall, [max(seconds * part, LEAST_SECONDS) for seconds in self._wall])

    def _layers_part(self) -> float:
        """Which part of a call its layers take; what feeds them and reads from them is the rest.

        Where TensorRT names none of its layers after those of the probe, they cannot be told apart, and all of them count;
        that is said.
        """
        names = frozenset(f"{NODE}{copy}" for copy in range(self._copies))
        found = engine_layers(self._session.information(), names)
        meant = {layer.name for layer in found if names.intersection(layer.nodes)}
        whole = math.fsum(self._wall) / len(self._wall) * self._copies
        calls = [self._session.call_profiled()[1] for _ in range(PROFILED_CALLS)]
        times = [layer for call in calls for layer in without_profiler(call, whole)]
        part = part_of_call(times, meant.__contains__)
        if not part:
            log.warning("TensorRT names no kernel of %s after its layers: what feeds them is counted as well", self._title)
        return part or 1.0

    def close(self) -> None:
        self._session.close()


class _Opened(NamedTuple):
    """What a runner holds while it is open, beside the device."""

    builder: EngineBuilder
    runtime: tensorrt.Runtime
    watch: SystemWatch | GpuWatch


class TensorRtRunner(Runner):
    """TensorRT, or TensorRT for RTX, through its Python package and pycuda.

    Args:
        threads: one; the device shares work out by itself.
        affinity: empty, for the same reason.
        build: bounds of building an engine.
        call: how engines are called.
        index: which device, counted from 0.
        folder: where engines are kept; the user's cache unless given.

    Raises:
        BadValue: threads or CPUs were asked for.
    """

    name: ClassVar[str] = "tensorrt"
    summary: ClassVar[str] = "TensorRT 8.5 to 11 on an NVIDIA GPU, times by CUDA events"

    def __init__(
        self,
        threads: int = 1,
        affinity: tuple[int, ...] = (),
        *,
        build: BuildOptions | None = None,
        call: CallOptions | None = None,
        index: int = 0,
        folder: Path | None = None,
    ) -> None:
        if threads != 1 or affinity:
            raise BadValue("threads and CPUs do not matter to TensorRT", "leave out --threads and --affinity")
        self._build = build or BuildOptions()
        self._call = call or CallOptions()
        self._index = index
        self._folder = folder
        self._gpu: Gpu | None = None
        self._opened: _Opened | None = None
        self._idle: float | None = None

    @classmethod
    def lacks(cls) -> str | None:
        if find_library(cls.name) is None:
            return str(MissingPackage(cls.name, "blackthorn[tensorrt]", f"the runner '{cls.name}'"))
        return lacks_cuda(f"the runner '{cls.name}'")

    @classmethod
    def fusions(cls, device: Device) -> Fusions:  # noqa: ARG003 (the same for all)
        return TENSORRT_FUSIONS

    def device(self) -> Device:
        versions = {self.name: library_version(import_library(self.name)), "python": platform.python_version()}
        settings = {
            "int8": "implicit" if self._build.implicit else "explicit",
            "workspace_mib": str(self._build.workspace_mib),
            "cuda_graph": "yes" if self._call.graph else "no",
            "weights": "cold" if self._call.cold else "warm",
        }
        return describe_device(self._device().facts, self.name, versions, settings)

    def warnings(self) -> Sequence[str]:
        return describe_host().warnings

    def throttled_by(self) -> Sequence[str]:
        return () if self._opened is None else self._opened.watch.reasons()

    def load(self, probe: Probe, *, profiled: bool = True) -> TensorRtProbe:
        implicit = self._build.implicit
        content = tensorrt_model(probe, implicit=implicit)
        model = Model(probe.key, content, probe.precision, eight_bits=is_of_eight_bits(probe))

        def make() -> TensorRtProbe:
            session = self._session(model)
            return TensorRtProbe(session, probe, self._idle_seconds(session), profiled=profiled)

        return _without_leftovers(make)

    def load_network(self, path: Path, input_shapes: Shapes) -> TensorRtNetwork:
        model, names = network_model(path, input_shapes)
        return _without_leftovers(lambda: TensorRtNetwork(self._session(model), names))

    def reference(self, layer: Probe | None = None) -> Probe | None:
        return layer or layer_kind("conv2d").probe_at(USUAL)

    def open(self) -> None:
        with ExitStack() as held:
            held.callback(self.close)
            gpu = self._device()
            gpu.open()
            builder = EngineBuilder(self.name, self._build, gpu.facts.description(), self._folder)
            held.callback(builder.close)
            try:
                runtime = builder.library.Runtime(builder.messages.receiver)
            except (TypeError, RuntimeError) as error:  # pybind's words for a null pointer
                raise builder.fault(f"TensorRT does not start ({first_line(error)})", "TensorRT") from error
            held.pop_all()
        self._opened = _Opened(builder, runtime, watch())

    def close(self) -> None:
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.builder.close()
            opened.watch.close()
        del opened
        gpu, self._gpu = self._gpu, None
        if gpu is not None:
            gpu.close()

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        _forget_variables(error)
        super().__exit__(kind, error, trace)

    def _device(self) -> Gpu:
        """The device, found when it is first asked for."""
        if self._gpu is None:
            self._gpu = Gpu(self._index)
        return self._gpu

    def _session(self, model: Model) -> EngineSession:
        """An engine on the device; one that was kept and is of no use here any more is built anew."""
        if self._opened is None:
            raise BadValue("the runner is not open", "use it in a with statement")
        builder, runtime, _ = self._opened
        engine: tensorrt.ICudaEngine | None = runtime.deserialize_cuda_engine(builder.engine(model))
        if engine is None:
            builder.messages.take()
            engine = runtime.deserialize_cuda_engine(builder.rebuilt(model))
        if engine is None:
            raise builder.fault(f"TensorRT cannot load its engine of {model.title}", model.title)
        return EngineSession(
            self._device(), builder.library, engine, model.title, builder.fault, model.input_shapes, self._call
        )

    def _idle_seconds(self, session: EngineSession) -> float:
        """What a call of nothing takes; timed once."""
        if self._idle is None:
            self._idle = statistics.median(session.overhead() for _ in range(IDLE_CALLS))
        return self._idle


class TensorRtRtxRunner(TensorRtRunner):
    """TensorRT for RTX, whose kernels are other ones."""

    name: ClassVar[str] = "tensorrt_rtx"
    summary: ClassVar[str] = "TensorRT for RTX on an NVIDIA GPU, times by CUDA events"


def _without_leftovers(make: Callable[[], ResultT]) -> ResultT:
    """What `make` gives; where it fails, the error keeps nothing of the device, however long it is kept itself."""
    try:
        return make()
    except BlackthornError as error:
        _forget_variables(error)
        raise


def _forget_variables(error: BaseException | None) -> None:
    """Make an error, and those that led to it, forget the variables of the functions that they passed.

    Among them are engines and streams, which must be gone before the device is.
    """
    while error is not None:
        traceback.clear_frames(error.__traceback__)
        error = error.__cause__ or error.__context__
