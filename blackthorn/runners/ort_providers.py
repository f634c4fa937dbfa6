"""ONNX Runtime's execution providers: whose kernels run a network, where its tensors lie, and whether it really did.

ONNX Runtime hands every node that a provider does not take to the CPU's kernels, and says so to nobody. The profile of a run
tells: each node's event names its provider.
"""

import io
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import msgspec

from blackthorn.errors import BlackthornError, DeviceFault, UnknownName
from blackthorn.runners.jetson import describe_jetson
from blackthorn.runners.nvidia_gpu import require_driver
from blackthorn.runners.ort_graph import LAYOUT_OPERATORS

ENDING = "ExecutionProvider"
"""What ONNX Runtime adds to the name of every provider."""
PACKAGES: Mapping[str, str] = {
    "cann": "onnxruntime-cann",
    "cuda": "onnxruntime-gpu",
    "dml": "onnxruntime-directml",
    "migraphx": "onnxruntime-migraphx",
    "nvtensorrtrtx": "onnxruntime-trt-rtx",
    "openvino": "onnxruntime-openvino",
    "qnn": "onnxruntime-qnn",
    "tensorrt": "onnxruntime-gpu",
    "webgpu": "onnxruntime-webgpu",
}
"""What to hand to pip for a build with a provider."""
JETSON_PACKAGES = "https://pypi.jetson-ai-lab.io"
SYSTEM_MEMORY = "cpu"
MEMORIES: Mapping[str, str] = {"cann": "cann", "cuda": "cuda", "dml": "dml", "nvtensorrtrtx": "cuda", "tensorrt": "cuda"}
"""Where tensors lie, as ONNX Runtime's OrtValue calls it, of providers that have a memory of their own."""
NVIDIA = "cuda"
THREADS_OPTION: Mapping[str, str] = {"openvino": "num_of_threads", "xnnpack": "intra_op_num_threads"}
"""The option that sets how many threads work on one node, of providers with a pool of their own."""
BLOCKING_LAUNCHES = "CUDA_LAUNCH_BLOCKING"
"""CUDA's own switch, read when a process first uses the GPU: a call that starts a kernel returns when the kernel has ended."""
LOG_FATAL_ONLY = 4
"""ONNX Runtime's severity at which it writes nothing to standard error; what goes wrong is raised anyway."""
ARITHMETIC = frozenset(("bool", "int32", "int64"))
"""Element types of the shapes, axes and indices that GPU providers leave to the CPU on purpose."""
LISTED = 3
"""Nodes that a message names."""
KERNEL_EVENT = "_kernel_time"


class Provider(msgspec.Struct, frozen=True):
    """A provider, such as `cuda`."""

    name: str
    full_name: str

    @property
    def is_cpu(self) -> bool:
        """Whether it is ONNX Runtime's own, whose kernels every build has."""
        return self == CPU

    @property
    def memory(self) -> str:
        """Where its tensors lie, as OrtValue calls it."""
        return MEMORIES.get(self.name, SYSTEM_MEMORY)

    @property
    def returns_early(self) -> bool:
        """Whether its kernels go on after the calls that start them have returned, so that the profile times the calls."""
        return self.memory != SYSTEM_MEMORY

    @property
    def can_block(self) -> bool:
        """Whether these calls can be told to wait, by `BLOCKING_LAUNCHES`."""
        return self.memory == NVIDIA

    def options(self, threads: int) -> dict[str, str]:
        """What it is begun with."""
        option = THREADS_OPTION.get(self.name)
        return {} if option is None else {option: str(threads)}

    def is_merged(self, node: str) -> bool:
        """Whether a node, by its name, is several of the network that the provider compiled to one kernel."""
        return node.startswith(f"{self.full_name}_")


CPU = Provider("cpu", f"CPU{ENDING}")


def provider_named(name: str) -> Provider:
    """The provider of that name in the ONNX Runtime that is installed.

    Raises:
        UnknownName: ONNX Runtime has no such provider at all.
        BlackthornError: it has, but not this build of it.
    """
    if name == CPU.name:
        return CPU
    import onnxruntime

    known = _by_name(onnxruntime.get_all_providers())
    if name not in known:
        raise UnknownName("provider", name, known)
    present = _by_name(onnxruntime.get_available_providers())
    if name not in present:
        raise BlackthornError(
            f"this build of ONNX Runtime {onnxruntime.__version__} has no provider '{name}', only {', '.join(sorted(present))}",
            f"{_to_get(known[name])}, or choose one of these",
        )
    return present[name]


def check_starts(provider: Provider, model: bytes) -> None:
    """Refuse a provider that is built in and yet cannot run here, where ONNX Runtime would go on without it.

    Args:
        provider: any but the CPU's.
        model: a serialised model to begin it with.

    Raises:
        DeviceFault: a library, a driver or a device is missing, or the driver is too old.
        MissingPackage: what tells of the driver is not installed.
    """
    import onnxruntime

    onnxruntime.set_default_logger_severity(LOG_FATAL_ONLY)
    if provider.memory == NVIDIA:
        _prepare_cuda(onnxruntime)
    options = onnxruntime.SessionOptions()
    options.log_severity_level = LOG_FATAL_ONLY
    reason = ""
    try:
        begun = onnxruntime.InferenceSession(model, options, providers=[provider.full_name], enable_fallback=0).get_providers()
    except Exception as error:  # its exceptions share no base
        begun, reason = [], f" ({str(error).strip().splitlines()[0]})"
    if provider.full_name not in begun:
        raise DeviceFault(f"ONNX Runtime cannot start its provider '{provider.name}' here{reason}", _to_start(provider))


def _prepare_cuda(onnxruntime: Any) -> None:
    """Refuse a driver that is too old, and load the libraries that pip installed; a Jetson's come with its system.

    Raises:
        DeviceFault, MissingPackage: as `check_starts` does.
    """
    built_for = getattr(onnxruntime, "cuda_version", "").partition(".")[0]
    if built_for and describe_jetson() is None:
        require_driver(int(built_for), f"ONNX Runtime {onnxruntime.__version__}")
    if hasattr(onnxruntime, "preload_dlls"):
        with redirect_stdout(io.StringIO()):  # it prints what it does not find, and nothing need be found so
            onnxruntime.preload_dlls()


@contextmanager
def blocking_launches() -> Iterator[None]:
    """`BLOCKING_LAUNCHES` set, and as it was afterwards."""
    before = os.environ.get(BLOCKING_LAUNCHES)
    os.environ[BLOCKING_LAUNCHES] = "1"
    try:
        yield
    finally:
        del os.environ[BLOCKING_LAUNCHES]
        if before is not None:
            os.environ[BLOCKING_LAUNCHES] = before


def left_to_cpu(profile: bytes) -> list[str]:
    """The nodes that the CPU ran, by the profile of a session on another provider; each once and with its operator.

    Arithmetic with shapes does not count: providers leave it to the CPU, where the shapes are.
    """
    events = msgspec.json.decode(profile, type=list[_PlacedEvent])
    fallen = (event for event in events if event.is_cpus_work)
    named = (f"{event.name.removesuffix(KERNEL_EVENT)} ({event.args.op_name})" for event in fallen)
    return list(dict.fromkeys(named))


def listed(nodes: Sequence[str]) -> str:
    """Nodes for a message, the first of many by name."""
    rest = len(nodes) - LISTED
    return ", ".join(nodes[:LISTED]) + (f" and {rest} more" if rest > 0 else "")


class _PlacedArguments(msgspec.Struct):
    """What is read of an event's arguments."""

    op_name: str = ""
    provider: str = ""
    output_type_shape: list[dict[str, Any]] = []


class _PlacedEvent(msgspec.Struct):
    """What is read of a line of a profile."""

    cat: str
    name: str
    args: _PlacedArguments

    @property
    def is_cpus_work(self) -> bool:
        """Whether it tells of a node of the network that the CPU ran, and that is more than arithmetic with shapes."""
        is_kernel = self.cat == "Node" and self.name.endswith(KERNEL_EVENT) and self.args.op_name not in LAYOUT_OPERATORS
        return is_kernel and self.args.provider == CPU.full_name and not self.is_arithmetic

    @property
    def is_arithmetic(self) -> bool:
        """Whether it gives nothing but whole numbers in a row, or one."""
        types = [(element, shape) for given in self.args.output_type_shape for element, shape in given.items()]
        return bool(types) and all(element in ARITHMETIC and len(shape) <= 1 for element, shape in types)


def _by_name(full_names: Sequence[str]) -> dict[str, Provider]:
    return {provider.name: provider for provider in _providers(full_names)}


def _providers(full_names: Sequence[str]) -> Iterator[Provider]:
    for full_name in full_names:
        yield Provider(full_name.removesuffix(ENDING).lower(), full_name)


def _to_get(provider: Provider) -> str:
    """Where a build with it is to be had; for Jetsons NVIDIA makes its own."""
    package = PACKAGES.get(provider.name)
    if package is None:
        return "build ONNX Runtime with it"
    if provider.memory == NVIDIA and describe_jetson() is not None:
        return f"install {package} for your JetPack from {JETSON_PACKAGES}"
    return f"install: pip install --force-reinstall '{package}'"


def _to_start(provider: Provider) -> str:
    """What usually is missing."""
    if provider.memory == NVIDIA:
        libraries = "CUDA and cuDNN" + (" and TensorRT" if provider.name == "tensorrt" else "")
        return f"install NVIDIA's driver and the libraries of {libraries} (pip install 'onnxruntime-gpu[cuda,cudnn]')"
    return "install what it needs of its maker, or choose another provider"
