"""An engine that is called many times: its tensors filled once and left on the device, each call timed there."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.errors import BadValue, BlackthornError
from blackthorn.records import Transfers
from blackthorn.runners.cuda import Gpu, device_errors
from blackthorn.runners.cuda_graph import RecordedWork
from blackthorn.runners.cuda_timing import Stopwatch
from blackthorn.runners.network import Shapes
from blackthorn.runners.trt_layers import LayerTime, profile_receiver
from blackthorn.runners.trt_versions import Library

if TYPE_CHECKING:
    import tensorrt

ELEMENTS: Mapping[str, str] = {
    "FLOAT": "float32",
    "HALF": "float16",
    "INT8": "int8",
    "INT32": "int32",
    "INT64": "int64",
    "BOOL": "bool",
    "UINT8": "uint8",
    "BF16": "uint16",
    "FP8": "uint8",
}
"""TensorRT's element types as numpy has them; those that it lacks as whole numbers of the same length."""
TRANSFERS = 10
"""Copies behind a median."""
FRACTIONS = frozenset({"float32", "float16"})
PATTERN = 65_521
"""Length of the repeated pattern that fills inputs: drawing a hundred million numbers takes longer than timing the layer."""
Fault = Callable[[str, str], BlackthornError]
"""Makes an error of a problem and of what it was about, with what TensorRT said."""


class CallOptions(msgspec.Struct, frozen=True):
    """How engines are called: with weights cold, as in a network; as a CUDA graph."""

    cold: bool = True
    graph: bool = False


class _Placed(NamedTuple):
    """A tensor in the device's memory, of so many bytes."""

    memory: Any
    size: int
    is_input: bool


class EngineSession:
    """An engine on a device, to be closed before the device is let go.

    Args:
        gpu: open.
        trt: the library.
        engine: of this very device.
        title: what errors call it.
        fault: makes errors of what TensorRT says.
        input_shapes: shapes of inputs that the engine leaves open.
        options: how to call it.

    Raises:
        BadValue: an input has an open shape and none is given.
        NotMeasured: it does not fit into the device's memory.
        DeviceFault: the device does not work.
    """

    def __init__(
        self,
        gpu: Gpu,
        trt: Library,
        engine: tensorrt.ICudaEngine,
        title: str,
        fault: Fault,
        input_shapes: Shapes | None = None,
        options: CallOptions | None = None,
    ) -> None:
        self._trt = trt
        self._engine = engine
        self._title = title
        self._fault = fault
        self._shapes = input_shapes or {}
        self._gpu = gpu
        self._addresses: dict[str, int] = {}
        self._on_device: list[_Placed] = []
        self._profiled: tensorrt.IExecutionContext | None = None
        self._times: list[LayerTime] = []
        chosen = options or CallOptions()
        with ExitStack() as held:
            self._context = self._new_context()
            held.callback(self.__dict__.pop, "_context", None)
            self._place_tensors(gpu, held)
            self._watch = Stopwatch(gpu, cold=chosen.cold)
            held.callback(self._watch.close)
            # The first call loads kernels, for which the device must not be waiting.
            self._watch.run(self._enqueue)
            recorded = RecordedWork(self._enqueue, self._watch.stream.handle) if chosen.graph else None
            if recorded is not None:
                held.callback(recorded.close)
                self._watch.run(recorded.enqueue)  # which brings it to the device
            self._held = held.pop_all()
        self._work = self._enqueue if recorded is None else recorded.enqueue

    def call(self, *, blocked: bool = True) -> float:
        """Run the engine once; seconds on the device.

        Args:
            blocked: let the device begin when everything is on its way; otherwise as programs do.
        """
        return self._watch.time(self._work, blocked=blocked)

    def overhead(self) -> float:
        """Seconds that a call of nothing takes."""
        return self._watch.time(_nothing)

    def call_profiled(self) -> tuple[float, list[LayerTime]]:
        """Run it once under TensorRT's profiler: seconds of the whole, and of every layer in order."""
        if self._profiled is None:
            self._profiled = self._profiling_context()
            self._watch.run(self._enqueue_profiled)
            self._profiled.report_to_profiler()
        self._times.clear()
        whole = self._watch.time(self._enqueue_profiled)
        if not self._profiled.report_to_profiler():
            raise self._fault(f"TensorRT's profiler tells nothing of {self._title}", self._title)
        return whole, list(self._times)

    def transfers(self) -> Transfers:
        """What all inputs take into the device's memory, and all results out of it, from and to pinned memory."""
        inputs = [(placed, self._gpu.pinned(placed.size)) for placed in self._on_device if placed.is_input]
        results = [(placed, self._gpu.pinned(placed.size)) for placed in self._on_device if not placed.is_input]
        driver, stream = self._gpu.driver, self._watch.stream

        def take_in(_: int) -> None:
            for placed, host in inputs:
                driver.memcpy_htod_async(placed.memory, host, stream)

        def take_back(_: int) -> None:
            for placed, host in results:
                driver.memcpy_dtoh_async(host, placed.memory, stream)

        seconds = (statistics.median(self._watch.time(way) for _ in range(TRANSFERS)) for way in (take_in, take_back))
        return Transfers(*seconds)

    def information(self) -> str:
        """What TensorRT's inspector tells of the engine, in JSON."""
        inspector = self._engine.create_engine_inspector()
        told: str = inspector.get_engine_information(self._trt.LayerInformationFormat.JSON)
        return told

    def close(self) -> None:
        """Free everything, the engine last; harmless when repeated."""
        self._profiled = None
        if "_held" in self.__dict__:
            self._held.close()
        self._on_device.clear()
        self.__dict__.pop("_work", None)
        self.__dict__.pop("_engine", None)

    def _new_context(self) -> tensorrt.IExecutionContext:
        context: tensorrt.IExecutionContext | None = self._engine.create_execution_context()
        if context is None:
            raise self._fault(f"TensorRT cannot make {self._title} ready", self._title)
        return context

    def _profiling_context(self) -> tensorrt.IExecutionContext:
        """A second context over the same tensors, since the profiler slows down the one that it is in."""
        context = self._new_context()
        context.profiler = profile_receiver(self._trt.IProfiler, self._times)
        context.enqueue_emits_profile = False  # it is asked when the call is over
        for name, address in self._addresses.items():
            if self._engine.get_tensor_mode(name) == self._trt.TensorIOMode.INPUT and name in self._shapes:
                context.set_input_shape(name, tuple(self._shapes[name]))
            context.set_tensor_address(name, address)
        return context

    def _enqueue(self, stream: int) -> None:
        self._put(self._context, stream)

    def _enqueue_profiled(self, stream: int) -> None:
        assert self._profiled is not None
        self._put(self._profiled, stream)

    def _put(self, context: tensorrt.IExecutionContext, stream: int) -> None:
        if not context.execute_async_v3(stream):
            raise self._fault(f"TensorRT cannot run {self._title}", self._title)

    def _place_tensors(self, gpu: Gpu, held: ExitStack) -> None:
        """Memory for every input, filled, and for every output."""
        engine, context = self._engine, self._context
        names = [engine.get_tensor_name(index) for index in range(engine.num_io_tensors)]
        inputs = frozenset(name for name in names if engine.get_tensor_mode(name) == self._trt.TensorIOMode.INPUT)
        for name in inputs.intersection(self._shapes):
            context.set_input_shape(name, tuple(self._shapes[name]))
        for name in names:
            shape, element = self._shape(name), np.dtype(ELEMENTS[engine.get_tensor_dtype(name).name])
            if min(shape, default=0) >= 0:
                size = _bytes(shape, element)
            elif name in inputs:
                listed = ",".join(str(size) for size in shape)
                raise BadValue(f"input '{name}' has the open shape {listed}", f"give it with: --input-shape {name}=...")
            else:  # it hangs on the numbers
                size = context.get_max_output_size(name)
            self._place(gpu, held, name, size, element if name in inputs else None)

    def _shape(self, name: str) -> tuple[int, ...]:
        """The shape of a tensor, -1 where it is open."""
        dimensions: Any = self._context.get_tensor_shape(name)
        return tuple(dimensions)

    def _place(self, gpu: Gpu, held: ExitStack, name: str, size: int, element: np.dtype[Any] | None) -> None:
        """Memory for one tensor: of the computer for shapes, of the device for everything else.

        Args:
            gpu: the device.
            held: what frees the memory.
            name: the tensor.
            size: bytes.
            element: what to fill it with; None for an output.
        """
        if self._engine.get_tensor_location(name) == self._trt.TensorLocation.HOST:
            kept = np.zeros(size, np.uint8) if element is None else _numbers(size, element)
            held.callback(len, kept)  # lives as long as the session
            address = kept.ctypes.data
        else:
            memory = gpu.allocate(size, self._title)
            held.callback(memory.free)
            if element is not None:
                with device_errors(gpu.driver):
                    gpu.driver.memcpy_htod(memory, _numbers(size, element))
            address = int(memory)
            self._on_device.append(_Placed(memory, size, is_input=element is not None))
        self._addresses[name] = address
        if not self._context.set_tensor_address(name, address):
            raise self._fault(f"TensorRT does not take the memory for '{name}' of {self._title}", self._title)


def _bytes(shape: tuple[int, ...], element: np.dtype[Any]) -> int:
    """What so many numbers take."""
    return math.prod(shape) * element.itemsize


def _numbers(size: int, element: np.dtype[Any]) -> NDArray[Any]:
    """So many bytes of normal numbers where the element type is one of fractions, of zeros and ones where it is not."""
    generator = np.random.default_rng(0)
    is_fraction = element.name in FRACTIONS
    pattern = generator.standard_normal(PATTERN) if is_fraction else generator.integers(0, 2, PATTERN)
    return np.resize(pattern.astype(element), size // element.itemsize)


def _nothing(stream: int) -> None:
    """Work that is none."""
