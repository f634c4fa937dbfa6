"""A CUDA device by what CUDA, its board and NVIDIA's driver tell, and a sweep through which it throttles."""

import sys
from pathlib import Path
from typing import Any

import pytest

from blackthorn.errors import DeviceFault
from blackthorn.records import Device
from blackthorn.runners import cuda_device, tensorrt
from blackthorn.runners.cuda import GpuFacts
from blackthorn.runners.cuda_device import describe_device, watch
from blackthorn.runners.nvidia_gpu import GpuWatch
from blackthorn.runners.tensorrt import TensorRtRunner
from blackthorn.runners.throttling import SystemWatch
from blackthorn.timing import Timer, TimingPolicy
from tests.runners.boards import ORIN_NX, a_computer
from tests.runners.makers import SMALL
from tests.runners.played_nvml import PlayedDriver

ORIN = GpuFacts("Orin", (8, 7), 16 * 2**30, 4 * 2**20, 8, "12.6")
PC = GpuFacts("NVIDIA GeForce RTX 3060", (8, 6), 12 * 2**30, 3 * 2**20, 28, "13.0")


def described(facts: GpuFacts, root: Path) -> Device:
    return describe_device(facts, "tensorrt", {"tensorrt": "10.3.0"}, {"weights": "cold"}, root)


def test_a_jetson_is_named_by_its_board_and_power_mode(tmp_path: Path) -> None:
    device = described(ORIN, a_computer(tmp_path, ORIN_NX))
    assert device.name.startswith("nvidia-jetson-orin-nx-")
    assert device.name.endswith("-tensorrt")
    assert "15w" in device.name or "25w" in device.name or "10w" in device.name or "maxn" in device.name
    assert device.versions == {"tensorrt": "10.3.0", "cuda_driver": "12.6"}
    assert device.details["weights"] == "cold"
    assert device.details["compute_capability"] == "8.7"


def test_a_pc_is_named_by_its_gpu_with_what_the_driver_tells(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", PlayedDriver())
    device = described(PC, tmp_path)
    assert device.name == "nvidia-geforce-rtx-3060-tensorrt"
    assert device.hardware.startswith("NVIDIA GeForce RTX 3060, 28 multiprocessors; ")
    assert any(name.startswith("gpu_") and "clock" in name for name in device.details)


def test_a_driver_that_cannot_be_asked_leaves_the_rest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refused(root: Path | None = None) -> None:
        raise DeviceFault("there is no NVIDIA driver here", "install it")

    monkeypatch.setattr(cuda_device, "describe_gpu", refused)
    monkeypatch.setattr(cuda_device, "GpuWatch", refused)
    assert described(PC, tmp_path).details["gpu"] == "NVIDIA GeForce RTX 3060"
    assert isinstance(watch(tmp_path), SystemWatch)


def test_the_gpu_is_watched_where_the_driver_can_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", PlayedDriver())
    with watch(tmp_path) as watched:  # type: ignore[union-attr]
        assert isinstance(watched, GpuWatch)


def test_a_point_at_which_the_device_throttled_is_graded_so(nvidia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    class Hot(SystemWatch):
        closed = False

        def reasons(self) -> list[str]:
            return ["heat"]

        def close(self) -> None:
            Hot.closed = True

    monkeypatch.setattr(tensorrt, "watch", Hot)
    with TensorRtRunner() as runner, Timer(runner, runner.reference(), TimingPolicy(most_seconds=0.2)) as timer:
        assert timer.measure(SMALL).grade == "throttled"
    assert Hot.closed
    assert runner.throttled_by() == ()
