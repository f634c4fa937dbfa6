"""GPUs are described from NVIDIA's driver, and each fault of it is one sentence."""

import sys
from pathlib import Path

import pytest

from blackthorn.errors import DeviceFault, MissingPackage
from blackthorn.runners.nvidia_gpu import GpuWatch, describe_gpu, require_driver
from tests.runners.boards import DEVFREQ, ORIN_NX, XAVIER_NX, a_computer
from tests.runners.played_nvml import (
    IDLE,
    LOCKED,
    THROTTLED_BITS,
    NVMLError,
    NVMLError_LibraryNotFound,
    NVMLError_LibRmVersionMismatch,
    NVMLError_NoPermission,
    PlayedDriver,
    closed,
    played_names,
)


@pytest.fixture
def nowhere(tmp_path: Path) -> Path:
    """A root folder that tells of no Jetson."""
    return tmp_path / "nowhere"


def play(monkeypatch: pytest.MonkeyPatch, played: PlayedDriver) -> PlayedDriver:
    monkeypatch.setitem(sys.modules, "pynvml", played)
    return played


def test_what_is_played_is_there_for_real() -> None:
    pynvml = pytest.importorskip("pynvml")
    assert [name for name in played_names() if not hasattr(pynvml, name)] == []
    assert all(getattr(pynvml, f"nvmlClocksThrottleReason{name}") == bit for name, bit in THROTTLED_BITS.items())


def test_a_computer_without_a_driver_says_so_for_real(nowhere: Path) -> None:
    pynvml = pytest.importorskip("pynvml")
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        with pytest.raises(DeviceFault, match=r"there is no NVIDIA driver here; install it, .*--gpus all\.$"):
            describe_gpu(nowhere)
    else:
        pytest.skip("there is a driver here")


def test_a_gpu_is_described(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    played = play(monkeypatch, PlayedDriver())
    with closed(played):
        gpu = describe_gpu(nowhere)
    assert (gpu.name, gpu.hardware, gpu.driver) == ("nvidia-geforce-rtx-3060", "NVIDIA GeForce RTX 3060", "535.104.05")
    assert gpu.details == {
        "compute_capability": "8.6",
        "memory": "12288 MiB",
        "free_memory": "10240 MiB",
        "clock": "210 MHz",
        "highest_clock": "2115 MHz",
        "clock_memory": "405 MHz",
        "temperature": "41 C",
        "power_limit": "170 W",
    }


def test_what_a_gpu_does_not_tell_is_left_out(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    play(monkeypatch, PlayedDriver(lacks=("nvmlDeviceGetTemperature", "nvmlDeviceGetEnforcedPowerLimit")))
    assert not {"temperature", "power_limit"} & describe_gpu(nowhere).details.keys()


def test_a_jetson_is_described_by_its_board_and_needs_no_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    gpu = describe_gpu(a_computer(tmp_path, ORIN_NX))
    assert gpu.name == "nvidia-jetson-orin-nx-engineering-reference-developer-kit-25w"
    assert gpu.hardware == "NVIDIA Jetson Orin NX Engineering Reference Developer Kit (tegra234)"
    assert gpu.driver == "36.3.0"
    assert gpu.details["clock_17000000.gpu"] == "306 to 408 MHz"


@pytest.mark.parametrize(
    ("error", "complaint"),
    [
        (NVMLError_LibraryNotFound(), "there is no NVIDIA driver here; install it, see that 'nvidia-smi' lists the GPU"),
        (NVMLError_LibRmVersionMismatch(), "NVIDIA's driver was updated, and its older half still runs; restart the computer."),
        (NVMLError_NoPermission(), "NVIDIA's driver refuses to be asked; add your user to the group 'video'."),
    ],
)
def test_a_driver_that_does_not_begin_says_why(
    monkeypatch: pytest.MonkeyPatch, nowhere: Path, error: NVMLError, complaint: str
) -> None:
    play(monkeypatch, PlayedDriver(refuses=error))
    with pytest.raises(DeviceFault, match=complaint):
        describe_gpu(nowhere)


def test_no_gpu_is_said(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    played = play(monkeypatch, PlayedDriver(gpus=0))
    with closed(played), pytest.raises(DeviceFault, match=r"finds no GPU; run this where there is one, .*--gpus all\.$"):
        describe_gpu(nowhere)


def test_a_gpu_that_fell_off_the_bus_is_said(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    played = play(monkeypatch, PlayedDriver(lacks=("nvmlDeviceGetName",)))
    with closed(played), pytest.raises(DeviceFault, match=r"driver fails \(Not Supported\); see what 'nvidia-smi' says"):
        describe_gpu(nowhere)


def test_a_missing_package_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch, nowhere: Path) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with pytest.raises(MissingPackage, match="pip install 'nvidia-ml-py'"):
        describe_gpu(nowhere)


def test_a_driver_older_than_the_library_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    played = play(monkeypatch, PlayedDriver())
    with closed(played):
        require_driver(12, "TensorRT 10.3")
        require_driver(11, "TensorRT 8.6")
    with pytest.raises(DeviceFault) as refused:
        require_driver(13, "TensorRT 11.0")
    assert str(refused.value) == (
        "NVIDIA's driver 535.104.05 is older than TensorRT 11.0: it runs CUDA 12.2, not 13; "
        "update the driver to version 580.65 or newer, or install TensorRT 11.0 for CUDA 12."
    )
    with pytest.raises(DeviceFault, match="update the driver to the newest one"):
        require_driver(14, "TensorRT 12")


@pytest.mark.parametrize("name", THROTTLED_BITS)
def test_each_sort_of_protection_is_told(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    played = play(monkeypatch, PlayedDriver())
    with closed(played), GpuWatch() as watch:
        assert watch.reasons() == []
        played.bits = THROTTLED_BITS[name] | LOCKED
        (reason,) = watch.reasons()
        assert reason
        played.bits = IDLE
        assert watch.reasons() == []
        watch.close()


def test_a_gpu_that_cannot_be_watched_tells_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, PlayedDriver(lacks=("nvmlDeviceGetCurrentClocksThrottleReasons",)))
    with GpuWatch() as watch:
        assert watch.reasons() == []


def test_a_jetson_is_watched_without_a_driver(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", None)
    with GpuWatch(a_computer(tmp_path, XAVIER_NX)) as watch:
        assert watch.reasons() == []
        a_computer(tmp_path, {f"{DEVFREQ}/17000000.gv11b/cur_freq": "905250000\n"})
        assert watch.reasons() == ["17000000.gv11b at 1109 MHz, now 905 MHz"]


def test_a_watch_that_cannot_begin_leaves_the_driver_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    played = play(monkeypatch, PlayedDriver(lacks=("nvmlDeviceGetHandleByIndex",)))
    with closed(played), pytest.raises(DeviceFault):
        GpuWatch()
