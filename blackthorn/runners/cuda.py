"""A CUDA device through pycuda: its context is made when the device is opened and released when it is closed, never at import.

All that is taken from a device (memory, streams, events) must be let go before its context is, which is why nothing here lives
longer than the `Gpu` that it came from.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.errors import DeviceFault, MissingPackage, NotMeasured, first_line
from blackthorn.units import MS_PER_SECOND

NO_DRIVER = (
    "install NVIDIA's driver; a container needs --gpus all, or --runtime nvidia on a Jetson, and the Jetson's own CUDA is on"
    " the path with: export LD_LIBRARY_PATH=/usr/local/cuda/lib64"
)
NO_DEVICE = "check with nvidia-smi that there is one, and that CUDA_VISIBLE_DEVICES does not hide it"
OLD_DRIVER = "update the driver, or install a pycuda built with an older CUDA"


class GpuFacts(msgspec.Struct, frozen=True):
    """What CUDA tells of a device.

    Attributes:
        name: such as Orin.
        capability: compute capability, such as (8, 7).
        memory_bytes: all of its memory; on a Jetson it is the computer's.
        cache_bytes: its second-level cache.
        multiprocessors: how many it has.
        driver: the CUDA version that the driver speaks, such as 12.2.
    """

    name: str
    capability: tuple[int, int]
    memory_bytes: int
    cache_bytes: int
    multiprocessors: int
    driver: str

    def description(self) -> dict[str, str]:
        """What tells it from other devices, for caches and for people."""
        return {
            "gpu": self.name,
            "compute_capability": "{}.{}".format(*self.capability),
            "multiprocessors": str(self.multiprocessors),
            "gpu_memory_mib": str(self.memory_bytes // 2**20),
            "cuda_driver": self.driver,
        }


def lacks_cuda(purpose: str) -> str | None:
    """Why CUDA cannot be used here, as far as can be told without importing anything; None where nothing speaks against it."""
    if find_spec("pycuda") is None:
        return str(MissingPackage("pycuda", "blackthorn[tensorrt]", purpose))
    return None


def cuda_driver() -> Any:
    """The module `pycuda.driver`, its library started.

    Raises:
        MissingPackage: pycuda is not installed.
        DeviceFault: there is no driver, no device, or the driver is older than what pycuda was built with.
    """
    if find_spec("pycuda") is None:
        raise MissingPackage("pycuda", "blackthorn[tensorrt]", "timing on a GPU")
    try:
        from pycuda import driver
    except (ImportError, OSError) as error:
        raise DeviceFault(f"there is no NVIDIA driver here ({first_line(error)})", NO_DRIVER) from error
    try:
        driver.init()
        count = driver.Device.count()
    except driver.Error as error:
        said = first_line(error)
        if "no CUDA-capable device" in said or "no_device" in said.lower():
            raise DeviceFault(f"CUDA finds no device here ({said})", NO_DEVICE) from error
        if "insufficient" in said:
            built = ".".join(str(number) for number in driver.get_version()[:2])
            raise DeviceFault(f"the NVIDIA driver is older than CUDA {built} ({said})", OLD_DRIVER) from error
        raise DeviceFault(f"the NVIDIA driver does not start ({said})", NO_DRIVER) from error
    if count == 0:
        raise DeviceFault("CUDA finds no device here", NO_DEVICE)
    return driver


class Gpu:
    """A device with its primary context, which TensorRT uses as well.

    Args:
        index: which one, counted from 0.

    Raises:
        MissingPackage, DeviceFault: as `cuda_driver`, or there is no device of that number.
    """

    def __init__(self, index: int = 0) -> None:
        self.driver = cuda_driver()
        self._context: Any = None
        with device_errors(self.driver):
            if index >= self.driver.Device.count():
                raise DeviceFault(f"there is no CUDA device {index}", f"there are {self.driver.Device.count()}, counted from 0")
            self._device = self.driver.Device(index)
            self.facts = _facts(self.driver, self._device)

    def open(self) -> None:
        """Make its context the current one.

        Raises:
            DeviceFault: it is taken by another program alone, or broken.
        """
        with device_errors(self.driver):
            self._context = self._device.retain_primary_context()
            self._context.push()

    def close(self) -> None:
        """Release the context; harmless when repeated."""
        context, self._context = self._context, None
        if context is not None:
            context.pop()
            context.detach()

    def allocate(self, size: int, title: str) -> Any:
        """Memory of the device, to be freed with its own `free`.

        Args:
            size: bytes.
            title: what it is for.

        Raises:
            NotMeasured: there is not as much.
        """
        try:
            return self.driver.mem_alloc(max(size, 1))
        except self.driver.MemoryError as error:
            free, total = (amount // 2**20 for amount in self.driver.mem_get_info())
            raise NotMeasured(
                f"{title} does not fit into the memory of the device ({size // 2**20} MiB asked, {free} of {total} free)",
                "close other programs, or leave this point out",
            ) from error

    def mapped(self, length: int) -> tuple[NDArray[np.uint32], int]:
        """Zeros of 32 bits in the computer's memory that the device sees: the array, and where the device finds it."""
        flags = self.driver.host_alloc_flags.DEVICEMAP
        array = self.driver.pagelocked_empty(length, np.uint32, mem_flags=flags)
        array[:] = 0
        return array, int(array.base.get_device_pointer())

    def pinned(self, size: int) -> NDArray[np.uint8]:
        """Bytes in the computer's memory that the device can copy by itself."""
        array: NDArray[np.uint8] = self.driver.pagelocked_empty(size, np.uint8)
        return array


def seconds_between(begin: Any, end: Any) -> float:
    """Seconds on the device's clock from one recorded event to a later one that it has reached."""
    return float(end.time_since(begin)) / MS_PER_SECOND


@contextmanager
def device_errors(driver: Any) -> Iterator[None]:
    """Turns what CUDA says against anything into errors of ours.

    Raises:
        NotMeasured: there is too little memory.
        DeviceFault: anything else: after most errors a context is of no use any more.
    """
    try:
        yield
    except driver.MemoryError as error:
        problem = f"this does not fit into the memory of the device ({first_line(error)})"
        raise NotMeasured(problem, "close other programs, or leave this point out") from error
    except driver.Error as error:
        problem = f"the GPU stopped working for this program ({first_line(error)})"
        raise DeviceFault(problem, "run the same command again; it goes on where it stopped") from error


def _facts(driver: Any, device: Any) -> GpuFacts:
    attribute = driver.device_attribute
    version = driver.get_driver_version()
    return GpuFacts(
        name=device.name(),
        capability=tuple(device.compute_capability()),
        memory_bytes=device.total_memory(),
        cache_bytes=device.get_attribute(attribute.L2_CACHE_SIZE),
        multiprocessors=device.get_attribute(attribute.MULTIPROCESSOR_COUNT),
        driver=f"{version // 1000}.{version % 1000 // 10}",
    )
