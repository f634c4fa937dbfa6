"""NVIDIA's driver as a test wants it: the functions of pynvml that are used, without a driver."""

import types
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any


class NVMLError(Exception):
    """What all of its errors are."""


class NVMLError_LibraryNotFound(NVMLError):  # noqa: N801 (named so by pynvml)
    pass


class NVMLError_LibRmVersionMismatch(NVMLError):  # noqa: N801
    pass


class NVMLError_NoPermission(NVMLError):  # noqa: N801
    pass


class NVMLError_NotSupported(NVMLError):  # noqa: N801
    pass


THROTTLED_BITS = {
    "SwPowerCap": 4,
    "HwSlowdown": 8,
    "SwThermalSlowdown": 32,
    "HwThermalSlowdown": 64,
    "HwPowerBrakeSlowdown": 128,
}
"""As nvml.h numbers them."""
IDLE, LOCKED = 1, 2
"""Reasons that mean nothing bad: there is nothing to do, and the clocks were locked."""


class PlayedDriver(types.ModuleType):
    """The module pynvml with a driver of one GPU.

    Args:
        model: what the GPU calls itself.
        gpus: how many there are.
        refuses: why the driver does not even begin.
        lacks: functions that this GPU does not support.
    """

    NVMLError = NVMLError
    NVMLError_LibraryNotFound = NVMLError_LibraryNotFound
    NVMLError_LibRmVersionMismatch = NVMLError_LibRmVersionMismatch
    NVMLError_NoPermission = NVMLError_NoPermission
    NVML_CLOCK_SM, NVML_CLOCK_MEM, NVML_TEMPERATURE_GPU = 1, 2, 0

    def __init__(
        self,
        model: str = "NVIDIA GeForce RTX 3060",
        *,
        gpus: int = 1,
        refuses: NVMLError | None = None,
        lacks: tuple[str, ...] = (),
    ) -> None:
        super().__init__("pynvml")
        self.model = model
        self.gpus = gpus
        self.refuses = refuses
        self.bits = IDLE
        self.free = 10 * 2**30
        self.begun = 0
        for name, bit in THROTTLED_BITS.items():
            setattr(self, f"nvmlClocksThrottleReason{name}", bit)
        for name in lacks:
            setattr(self, name, self._not_supported)

    def _not_supported(self, *_: Any) -> Any:
        raise NVMLError_NotSupported("Not Supported")

    def nvmlInit(self) -> None:  # noqa: N802
        if self.refuses is not None:
            raise self.refuses
        self.begun += 1

    def nvmlShutdown(self) -> None:  # noqa: N802
        self.begun -= 1

    def nvmlDeviceGetCount(self) -> int:  # noqa: N802
        return self.gpus

    def nvmlDeviceGetHandleByIndex(self, index: int) -> str:  # noqa: N802
        return f"handle {index}"

    def nvmlDeviceGetName(self, _: str) -> str:  # noqa: N802
        return self.model

    def nvmlSystemGetDriverVersion(self) -> str:  # noqa: N802
        return "535.104.05"

    def nvmlSystemGetCudaDriverVersion_v2(self) -> int:  # noqa: N802
        return 12020

    def nvmlDeviceGetCudaComputeCapability(self, _: str) -> tuple[int, int]:  # noqa: N802
        return (8, 6)

    def nvmlDeviceGetMemoryInfo(self, _: str) -> types.SimpleNamespace:  # noqa: N802
        return types.SimpleNamespace(total=12 * 2**30, free=self.free)

    def nvmlDeviceGetClockInfo(self, _: str, kind: int) -> int:  # noqa: N802
        return {self.NVML_CLOCK_SM: 210, self.NVML_CLOCK_MEM: 405}[kind]

    def nvmlDeviceGetMaxClockInfo(self, _: str, kind: int) -> int:  # noqa: N802
        return {self.NVML_CLOCK_SM: 2115, self.NVML_CLOCK_MEM: 7501}[kind]

    def nvmlDeviceGetTemperature(self, _: str, sensor: int) -> int:  # noqa: N802
        return {self.NVML_TEMPERATURE_GPU: 41}[sensor]

    def nvmlDeviceGetEnforcedPowerLimit(self, _: str) -> int:  # noqa: N802
        return 170_000

    def nvmlDeviceGetCurrentClocksThrottleReasons(self, _: str) -> int:  # noqa: N802
        return self.bits


def played_names() -> Iterator[str]:
    """All that is played of pynvml."""
    yield from (name for name in dir(PlayedDriver()) if name.lower().startswith("nvml") and "NotSupported" not in name)


@contextmanager
def closed(played: PlayedDriver) -> Iterator[None]:
    """Whatever begins the driver inside has ended it afterwards."""
    yield
    assert played.begun == 0
