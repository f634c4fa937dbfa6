"""The commands on a GPU that is played: sweeps, fits, measurements and refusals."""

import json
from pathlib import Path
from typing import Any

import pytest

from blackthorn.cli import main
from blackthorn.runners import cuda_graph
from blackthorn.storage import find_sweeps, read_sweep
from tests.networks import light_networks

SWEEP = "sweep conv2d --dim filters --range filters=16:64:16 --at channels=8,size=8 --full --runner tensorrt"


@pytest.fixture(autouse=True)
def here(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, nvidia: Any) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_sweep_is_made_and_fitted(nvidia: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(SWEEP.split()) == 0
    (path,) = find_sweeps([Path("sweeps")])
    sweep = read_sweep(path)
    assert sweep.header.device.name == "orin-tensorrt"
    assert len(sweep.measurements) == 4
    assert main(["fit"]) == 0
    assert nvidia.faults == []
    assert nvidia.alive == {}
    capsys.readouterr()


def test_a_point_that_runs_out_of_memory_is_skipped_and_told(nvidia: Any, capsys: pytest.CaptureFixture[str]) -> None:
    nvidia.memory = 72 * 2**20
    words = "sweep conv2d --dim size --range size=8:520:256 --at channels=8,filters=8,batch=4 --full --runner tensorrt --json"
    assert main(words.split()) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["skipped"] == [{"size": 520}]
    assert nvidia.faults == []
    assert nvidia.alive == {}


def test_a_network_is_measured(nvidia: Any, capsys: pytest.CaptureFixture[str]) -> None:
    network = str(light_networks()["light_squeezenet"])
    assert main(["measure", network, "--runner", "tensorrt", "--seconds", "0.2", "--top", "3"]) == 0
    said = capsys.readouterr().out
    assert "light_squeezenet on orin-tensorrt" in said
    assert "transfers, not in the call: 60.2 us to the device, 0.4 us back" in said
    assert nvidia.faults == []


def test_a_graph_needs_the_drivers_own_library(
    nvidia: Any, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(cuda_graph, "DRIVER_LIBRARY", "no-such-library.so")
    assert main([*SWEEP.split(), "--cuda-graph"]) == 2
    assert "add its folder to LD_LIBRARY_PATH, or leave out --cuda-graph" in capsys.readouterr().err
    assert nvidia.faults == []
    assert nvidia.alive == {}


def test_a_network_is_measured_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    network = str(light_networks()["light_squeezenet"])
    assert main(["measure", network, "--runner", "tensorrt", "--seconds", "0.2", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["to_device_ms"] == pytest.approx(0.0602, rel=0.01)
    assert len(told["layers"]) > 60


def test_bounds_reach_the_builder(nvidia: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SWEEP.split(), "--workspace", "32"]) == 0
    assert nvidia.host_set["workspace"] == 32 * 2**20
    (path,) = find_sweeps([Path("sweeps")])
    assert read_sweep(path).header.device.details["workspace_mib"] == "32"
    capsys.readouterr()


def test_ranges_reach_the_builder(nvidia: Any, capsys: pytest.CaptureFixture[str]) -> None:
    assert main([*SWEEP.replace("conv2d", "conv2d_int8").split(), "--implicit-int8", "--build-timeout", "9"]) == 0
    assert nvidia.host_set["ranges"] > 0
    capsys.readouterr()


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ("sweep conv2d --dim filters --workspace 3", "--workspace is of no use to the runner 'onnxruntime'"),
        ("sweep conv2d --dim filters --cuda-graph", "use --runner tensorrt"),
        ("sweep conv2d --dim filters --runner tensorrt --threads 2", "leave out --threads and --affinity"),
        ("sweep dispatch --dim nodes --runner tensorrt", "dispatch is not measured with TensorRT"),
        ("measure net.onnx --runner recorded", "the runner 'recorded' does not time whole networks"),
    ],
)
def test_what_cannot_be_is_one_sentence(words: str, message: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(words.split()) == 2
    said = capsys.readouterr().err
    assert message in said
    assert "Traceback" not in said


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("no_driver", True, "there is no NVIDIA driver here"),
        ("devices", 0, "CUDA finds no device here"),
        ("version", "8.4.1", "TensorRT 8.4.1 is too old"),
        ("builder_error", "CUDA initialization failure with error: 35", "the NVIDIA driver is older than TensorRT"),
    ],
)
def test_a_bad_environment_is_one_sentence(
    nvidia: Any, name: str, value: Any, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    setattr(nvidia, name, value)
    assert main(SWEEP.split()) == 2
    said = capsys.readouterr().err
    assert message in said
    assert said.count("\n") == 1
