"""What NVIDIA's driver tells about the GPUs of PCs and servers, through NVML (Python package nvidia-ml-py, module pynvml).

A Jetson's GPU is a part of its board, which `jetson` describes; `describe_gpu` knows either.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import Any

import msgspec
from typing_extensions import Self

from blackthorn.errors import DeviceFault, MissingPackage
from blackthorn.runners.host import describe_host, slug
from blackthorn.runners.jetson import describe_jetson
from blackthorn.runners.system_files import ROOT
from blackthorn.runners.throttling import SystemWatch

FIRST = 0
"""The GPU that is used where none is named."""
DRIVERS = {11: "450.80", 12: "525.60", 13: "580.65"}
"""The oldest driver that runs programs of a CUDA release: CUDA Toolkit Release Notes, table 2 (minor version compatibility)."""
THROTTLES = {
    "SwPowerCap": "power limit",
    "SwThermalSlowdown": "heat",
    "HwSlowdown": "heat or power",
    "HwThermalSlowdown": "heat",
    "HwPowerBrakeSlowdown": "power supply",
}
"""Reasons for a low clock that mean protection, by the names of NVML's constants nvmlClocksThrottleReason..."""
MIB = 2**20


class Gpu(msgspec.Struct, frozen=True):
    """A GPU.

    Attributes:
        name: for names of devices and files: lower case, digits and hyphens.
        hardware: for people.
        details: clocks, temperature, memory and what else is told, as text by name.
        driver: version of NVIDIA's driver; on a Jetson that of Jetson Linux.
    """

    name: str
    hardware: str
    details: dict[str, str]
    driver: str


def describe_gpu(root: Path = ROOT) -> Gpu:
    """The NVIDIA GPU at hand: a Jetson with its board, else the first that the driver tells.

    Raises:
        DeviceFault: there is no driver, or it has no GPU.
        MissingPackage: it is no Jetson, and nvidia-ml-py is not installed.
    """
    jetson = describe_jetson(root)
    if jetson is not None:
        host = describe_host(root)
        name = slug(f"{jetson.model} {jetson.power_mode}")
        return Gpu(name, f"{jetson.model} ({jetson.chip})" if jetson.chip else jetson.model, host.details, jetson.release)
    with driver() as told:
        handle = told.nvmlDeviceGetHandleByIndex(FIRST)
        model = told.nvmlDeviceGetName(handle)
        release = told.nvmlSystemGetDriverVersion()
        return Gpu(slug(model), model, dict(_details(told, handle)), release)


def require_driver(cuda: int, purpose: str) -> None:
    """Refuse a driver that is older than what a library needs.

    Args:
        cuda: the major release of CUDA that the library was built with.
        purpose: the library, for the message.

    Raises:
        DeviceFault: the driver is too old, or there is none, or no GPU.
        MissingPackage: nvidia-ml-py is not installed.
    """
    with driver() as told:
        runs = told.nvmlSystemGetCudaDriverVersion_v2()
        release = told.nvmlSystemGetDriverVersion()
    if runs // 1000 < cuda:
        oldest = DRIVERS.get(cuda)
        newer = f"version {oldest} or newer" if oldest else "the newest one"
        raise DeviceFault(
            f"NVIDIA's driver {release} is older than {purpose}: it runs CUDA {runs // 1000}.{runs % 1000 // 10}, not {cuda}",
            f"update the driver to {newer}, or install {purpose} for CUDA {runs // 1000}",
        )


class GpuWatch:
    """Asked around every measurement what slows the GPU or the computer down; a context manager that holds the driver.

    A Jetson needs none: its board tells.

    Raises:
        DeviceFault: there is no driver, or it has no GPU.
        MissingPackage: nvidia-ml-py is not installed.
    """

    def __init__(self, root: Path = ROOT) -> None:
        self._system = SystemWatch(root)
        self._told: Any = None
        self._handle: Any = None
        with ExitStack() as opening:
            if describe_jetson(root) is None:
                self._told = opening.enter_context(driver())
                self._handle = self._told.nvmlDeviceGetHandleByIndex(FIRST)
            self._held = opening.pop_all()

    def reasons(self) -> list[str]:
        """What slows them down now, and what did since this was last asked; none where all is well or nobody tells."""
        return [*self._system.reasons(), *self._driver_reasons()]

    def _driver_reasons(self) -> list[str]:
        if self._told is None:
            return []
        try:
            bits = self._told.nvmlDeviceGetCurrentClocksThrottleReasons(self._handle)
        except self._told.NVMLError:
            return []
        named = {name: getattr(self._told, f"nvmlClocksThrottleReason{name}") for name in THROTTLES}
        return sorted({THROTTLES[name] for name, bit in named.items() if bits & bit})

    def close(self) -> None:
        """Let the driver go; harmless when repeated."""
        self._held.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


@contextmanager
def driver() -> Iterator[Any]:
    """NVIDIA's driver while it is asked: the module pynvml, begun, with a GPU to ask about.

    Raises:
        DeviceFault: there is no driver, or it is broken, or has no GPU.
        MissingPackage: nvidia-ml-py is not installed.
    """
    try:
        import pynvml
    except ModuleNotFoundError as error:
        raise MissingPackage("pynvml", "nvidia-ml-py", "asking NVIDIA's driver") from error
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError as error:
        raise _no_driver(pynvml, error) from error
    try:
        if pynvml.nvmlDeviceGetCount() == 0:
            raise DeviceFault(
                "NVIDIA's driver finds no GPU", "run this where there is one, or give the container one: --gpus all"
            )
        yield pynvml
    except pynvml.NVMLError as error:
        raise DeviceFault(f"NVIDIA's driver fails ({error})", "see what 'nvidia-smi' says, and restart the computer") from error
    finally:
        pynvml.nvmlShutdown()


def _no_driver(pynvml: Any, error: Exception) -> DeviceFault:
    """Why the driver cannot be asked."""
    if isinstance(error, pynvml.NVMLError_LibRmVersionMismatch):
        problem = "NVIDIA's driver was updated, and its older half still runs"
        return DeviceFault(problem, "restart the computer")
    if isinstance(error, pynvml.NVMLError_NoPermission):
        return DeviceFault("NVIDIA's driver refuses to be asked", "add your user to the group 'video'")
    problem = "there is no NVIDIA driver here"
    return DeviceFault(problem, "install it, see that 'nvidia-smi' lists the GPU, and give a container the GPU: --gpus all")


def _details(told: Any, handle: Any) -> Iterator[tuple[str, str]]:
    """What a GPU tells, by name; GPUs do not tell all of it."""
    compute, memory = told.NVML_CLOCK_SM, told.NVML_CLOCK_MEM
    ask: dict[str, Callable[[], str]] = {
        "compute_capability": lambda: ".".join(map(str, told.nvmlDeviceGetCudaComputeCapability(handle))),
        "memory": lambda: f"{told.nvmlDeviceGetMemoryInfo(handle).total // MIB} MiB",
        "free_memory": lambda: f"{told.nvmlDeviceGetMemoryInfo(handle).free // MIB} MiB",
        "clock": lambda: f"{told.nvmlDeviceGetClockInfo(handle, compute)} MHz",
        "highest_clock": lambda: f"{told.nvmlDeviceGetMaxClockInfo(handle, compute)} MHz",
        "clock_memory": lambda: f"{told.nvmlDeviceGetClockInfo(handle, memory)} MHz",
        "temperature": lambda: f"{told.nvmlDeviceGetTemperature(handle, told.NVML_TEMPERATURE_GPU)} C",
        "power_limit": lambda: f"{told.nvmlDeviceGetEnforcedPowerLimit(handle) / 1000:.0f} W",
    }
    for name, told_of in ask.items():
        with suppress(told.NVMLError):
            yield name, told_of()
