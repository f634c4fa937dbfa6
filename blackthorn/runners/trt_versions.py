"""All that differs between TensorRT 8.5, 10 and 11 and TensorRT for RTX, asked of the library that is there, not of its number.

What all of them share, and what the rest of the runner uses freely: tensors by name (`execute_async_v3`, new in 8.5), limits of
memory pools, engines built as bytes. What differs:

- Up to 10 a network is told to have an explicit batch; later there is no other kind, and the flag went in 11.
- From 10 on networks are strongly typed: every precision is that of the file. Before, the library chooses, and must be allowed
  half precision and 8 bits.
- Up to 10 a network of fractions can be made one of 8 bits by ranges alone (implicit); later only QuantizeLinear and
  DequantizeLinear do it.
- From 8.6 on a build can be watched, and stopped.
- From 9 on errors of the parser name the node; before they number it.
- TensorRT for RTX builds for devices that are not there, and so tries no kernels as it builds.

Source: the migration guides and API reference of docs.nvidia.com/deeplearning/tensorrt.
"""

from __future__ import annotations

import importlib
import re
import time
from collections.abc import Mapping
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, cast

from blackthorn.errors import DeviceFault, MissingPackage, first_line
from blackthorn.records import Precision

if TYPE_CHECKING:
    import tensorrt

OLDEST = (8, 5)
"""The first version whose tensors have names."""
STRONGLY_TYPED_FROM = 10
MODULES: Mapping[str, tuple[str, ...]] = {
    "tensorrt": ("tensorrt",),
    "tensorrt_rtx": ("tensorrt_rtx", "tensorrt_rtx_bindings"),
}
"""Where to find a library: the module that NVIDIA's package brings, then what its wheels hold without it."""
LARGEST_ACTIVATION = 4.0
"""What implicit 8-bit numbers reach to: probes are filled with normal numbers."""


class Library(Protocol):
    """What the runner uses of the module `tensorrt`."""

    @property
    def Builder(self) -> type[tensorrt.Builder]: ...  # noqa: N802 (TensorRT's own names)
    @property
    def BuilderFlag(self) -> type[tensorrt.BuilderFlag]: ...  # noqa: N802
    @property
    def Dims(self) -> type[tensorrt.Dims]: ...  # noqa: N802
    @property
    def ILogger(self) -> type[tensorrt.ILogger]: ...  # noqa: N802
    @property
    def IProfiler(self) -> type[tensorrt.IProfiler]: ...  # noqa: N802
    @property
    def LayerInformationFormat(self) -> type[tensorrt.LayerInformationFormat]: ...  # noqa: N802
    @property
    def MemoryPoolType(self) -> type[tensorrt.MemoryPoolType]: ...  # noqa: N802
    @property
    def NetworkDefinitionCreationFlag(self) -> type[tensorrt.NetworkDefinitionCreationFlag]: ...  # noqa: N802
    @property
    def OnnxParser(self) -> type[tensorrt.OnnxParser]: ...  # noqa: N802
    @property
    def ProfilingVerbosity(self) -> type[tensorrt.ProfilingVerbosity]: ...  # noqa: N802
    @property
    def Runtime(self) -> type[tensorrt.Runtime]: ...  # noqa: N802
    @property
    def TensorIOMode(self) -> type[tensorrt.TensorIOMode]: ...  # noqa: N802
    @property
    def TensorLocation(self) -> type[tensorrt.TensorLocation]: ...  # noqa: N802


def find_library(name: str) -> str | None:
    """The module that holds a library (a key of `MODULES`); None where none is installed. Imports nothing."""
    for module in MODULES[name]:
        found = find_spec(module)
        if found is not None and found.origin is not None:  # a folder of type stubs alone has no origin
            return module
    return None


def import_library(name: str) -> Library:
    """A library, ready to be used.

    Raises:
        MissingPackage: it is not installed.
        DeviceFault: it cannot be loaded, or is too old.
    """
    module = find_library(name)
    if module is None:
        raise MissingPackage(name, "blackthorn[tensorrt]", f"the runner '{name}'")
    try:
        library = cast(Library, importlib.import_module(module))
    except (ImportError, OSError) as error:
        problem = f"the Python package '{module}' cannot load its library ({first_line(error)})"
        raise DeviceFault(problem, "install the TensorRT that belongs to this CUDA: pip install tensorrt") from error
    version = library_version(library)
    if version_numbers(version) < OLDEST and name == "tensorrt":
        raise DeviceFault(
            f"TensorRT {version} is too old: tensors have names from {OLDEST[0]}.{OLDEST[1]} on",
            "use JetPack 5.1 or later, or on a PC: pip install --upgrade tensorrt",
        )
    return library


def library_version(trt: Library) -> str:
    """The version of a library, such as 10.3.0."""
    return str(vars(trt)["__version__"])


def version_numbers(version: str) -> tuple[int, ...]:
    """A version as numbers, such as (8, 6, 1)."""
    return tuple(int(number) for number in re.findall(r"\d+", version))


def is_strongly_typed(trt: Library) -> bool:
    """Whether all precisions are those of the file."""
    flags = trt.NetworkDefinitionCreationFlag
    return hasattr(flags, "STRONGLY_TYPED") and (
        not hasattr(trt.BuilderFlag, "FP16") or version_numbers(library_version(trt)) >= (STRONGLY_TYPED_FROM,)
    )


def new_network(trt: Library, builder: tensorrt.Builder, *, implicit: bool = False) -> tensorrt.INetworkDefinition:
    """An empty network, strongly typed where the library can and no 8 bits are to be found by ranges."""
    flags = trt.NetworkDefinitionCreationFlag
    chosen = 0
    if hasattr(flags, "EXPLICIT_BATCH"):
        chosen |= 1 << int(flags.EXPLICIT_BATCH)
    if is_strongly_typed(trt) and not implicit and hasattr(flags, "STRONGLY_TYPED"):
        chosen |= 1 << int(flags.STRONGLY_TYPED)
    return builder.create_network(chosen)


def allow_precision(
    trt: Library, config: tensorrt.IBuilderConfig, precision: Precision, *, eight_bits: bool, implicit: bool = False
) -> None:
    """Let the library use what the file asks for, where it must be allowed to."""
    if is_strongly_typed(trt) and not implicit:
        return
    flags = trt.BuilderFlag
    if precision == "fp16" and hasattr(flags, "FP16"):
        config.set_flag(flags.FP16)
    if eight_bits and hasattr(flags, "INT8"):
        config.set_flag(flags.INT8)


def can_be_implicit(trt: Library) -> bool:
    """Whether ranges alone can make 8 bits of a network of fractions."""
    return hasattr(trt.BuilderFlag, "INT8")


def give_ranges(network: tensorrt.INetworkDefinition) -> None:
    """Tell every tensor of a network how far its numbers reach, so that the library may hold them in 8 bits.

    A calibration would find the ranges from data; what a layer takes does not depend on them.
    """
    inputs = [network.get_input(index) for index in range(network.num_inputs)]
    layers = [network.get_layer(index) for index in range(network.num_layers)]
    results = [layer.get_output(index) for layer in layers for index in range(layer.num_outputs)]
    for tensor in (*inputs, *results):
        if hasattr(tensor, "set_dynamic_range"):
            tensor.set_dynamic_range(-LARGEST_ACTIVATION, LARGEST_ACTIVATION)


class Deadline:
    """Stops a build that takes too long, where the library lets itself be stopped (8.6 and later).

    Args:
        seconds: how long it may take from now.
    """

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    @property
    def is_over(self) -> bool:
        """Whether the time is up."""
        return time.monotonic() >= self._end

    def watch(self, trt: Library, config: tensorrt.IBuilderConfig) -> None:
        """Have the library ask at every step whether to go on."""
        if not hasattr(trt, "IProgressMonitor") or not hasattr(config, "progress_monitor"):
            return
        config.progress_monitor = _watch(trt.IProgressMonitor, self)


def _watch(base: Any, deadline: Deadline) -> Any:
    """What the library tells of its progress, and asks whether to go on."""

    class Watch(base):  # type: ignore[misc]
        def __init__(self) -> None:
            base.__init__(self)

        def phase_start(self, phase_name: str, parent_phase: str | None, num_steps: int) -> None:
            """A part begins."""

        def step_complete(self, phase_name: str, step: int) -> bool:  # noqa: ARG002 (all steps are alike)
            """Whether to go on."""
            return not deadline.is_over

        def phase_finish(self, phase_name: str) -> None:
            """A part ends."""

    return Watch()


def can_build_for_others(trt: Library) -> bool:
    """Whether the library builds engines for devices that are not there."""
    return hasattr(trt, "ComputeCapability")


def times_kernels(trt: Library) -> bool:
    """Whether the library tries kernels as it builds, so that what it found is worth keeping; that for RTX does so later."""
    return not can_build_for_others(trt)


def build_for(trt: Library, config: tensorrt.IBuilderConfig, capability: tuple[int, int]) -> None:
    """Build for devices of a compute capability, such as (8, 6), whether there is one or not.

    Raises:
        DeviceFault: this library does not build for such devices.
    """
    name = f"SM{capability[0]}{capability[1]}"
    if hasattr(trt, "ComputeCapability") and hasattr(config, "num_compute_capabilities"):
        known = trt.ComputeCapability
        if hasattr(known, name) and hasattr(config, "set_compute_capability"):
            config.num_compute_capabilities = 1
            config.set_compute_capability(getattr(known, name), 0)
            return
    raise DeviceFault(f"this TensorRT builds no engines for {name} devices from here", "build on the device itself")


def failed_node(error: tensorrt.ParserError) -> str | int:
    """The name of the node that the parser stumbled over, or its place among the file's nodes."""
    found: str | int = error.node_name() if hasattr(error, "node_name") else error.node()
    return found


if TYPE_CHECKING:
    _is_the_library: Library = tensorrt
