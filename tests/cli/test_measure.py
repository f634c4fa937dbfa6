"""`blackthorn measure` on small networks; nothing is asserted about how fast this computer is."""

import math
import sys
from pathlib import Path
from typing import get_args

import msgspec
import pytest

from blackthorn.cli import timing_run
from blackthorn.cli.exits import INTERRUPTED
from blackthorn.cli.model_choice import this_device
from blackthorn.cli.timing_table import timing_lines
from blackthorn.records import Grade, TimedLayer
from blackthorn.storage import write_model
from tests.cli.conftest import Say
from tests.examples import a_model
from tests.networks import light_networks, write_network
from tests.runners.played_nvml import PlayedDriver
from tests.runners.played_onnxruntime import PlayedRuntime
from tests.truth.examples import TIMING

pytest.importorskip("onnxruntime")

SQUEEZENET = light_networks()["light_squeezenet"]
QUICKLY = "--seconds 0.1"
OPEN_NETWORK = "(float[batch, 8] data) => (float[n, 8] z) { y = Sin(data)  z = Softmax(y) }"


@pytest.fixture
def network(say: Say, tmp_path: Path) -> str:
    return str(write_network(tmp_path, OPEN_NETWORK))


def test_programs_get_latency_kernels_and_layers(say: Say, network: str) -> None:
    found = say(f"measure {network} --input-shape data=4,8 {QUICKLY} --json").json
    assert found["schema"] == 1
    assert found["model"] == "net"
    assert found["device"] == this_device()
    assert found["grade"] in get_args(Grade)
    assert all(0 < found[key] < math.inf for key in ("latency_ms", "reference_ms", "calls"))
    # So small kernels can take no longer than nodes with nothing to do, whose time is taken off.
    assert all(0 <= found[key] < math.inf for key in ("kernel_ms", "spread_pct"))
    assert [(layer["name"], layer["operator"], layer["nodes"]) for layer in found["layers"]] == [
        ("Sin_0", "Sin", ["Sin_0"]),
        ("Softmax_1", "Softmax", ["Softmax_1"]),
    ]
    assert sum(layer["latency_ms"] for layer in found["layers"]) == pytest.approx(found["kernel_ms"])


def test_people_get_the_slowest_layers_and_what_goes_by_between(say: Say) -> None:
    lines = say(f"measure {SQUEEZENET} --top 3 {QUICKLY}").out.splitlines()
    assert lines[0] == f"light_squeezenet on {this_device()}"
    assert lines[2].split() == ["layer", "operator", "made", "of", "latency", "share"]
    assert lines[6].startswith("... and ")
    assert [line.partition(":")[0] for line in lines[-4:]] == [
        "kernels",
        "put in by the runtime",
        "between kernels",
        "end to end",
    ]


def test_the_parts_of_a_call_are_said_to_the_last() -> None:
    lines = list(timing_lines(TIMING))
    assert lines[-4:] == [
        "kernels: 7.5 ms in 4 layers",
        "put in by the runtime: 1 ms of it, 1 kernel (ReorderOutput)",
        "between kernels: 2.5 ms",
        "end to end: 10 ms, spread 2.0 %, settled, 40 calls",
    ]
    assert any(line.split() == ["z_nchwc", "Conv", "conv", "relu", "4", "ms", "53.3", "%"] for line in lines)


def test_where_the_runtime_puts_nothing_in_nothing_is_said_of_it() -> None:
    its_own = tuple(layer for layer in TIMING.layers if layer.nodes)
    assert not any("put in" in line for line in timing_lines(msgspec.structs.replace(TIMING, layers=its_own)))


def test_kernels_that_were_put_in_are_counted_and_named_once() -> None:
    layers = (*TIMING.layers, TIMING.layers[1], TimedLayer("in", "ReorderInput", (), 5e-4))
    lines = list(timing_lines(msgspec.structs.replace(TIMING, layers=layers)))
    assert "put in by the runtime: 2.5 ms of it, 3 kernels (ReorderInput, ReorderOutput)" in lines


def test_threads_are_part_of_the_device(say: Say, network: str) -> None:
    found = say(f"measure {network} --input-shape data=4,8 --threads 2 {QUICKLY} --json").json
    assert found["device"] == this_device(2) != this_device()


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("nowhere.onnx", "cannot read nowhere.onnx"),
        ("board.json", "no ONNX file"),
        ("net.onnx", "--input-shape data="),
        ("net.onnx --input-shape dat=4,8", "no input"),
        ("net.onnx --input-shape 4,8", "NAME=VALUE"),
        ("net.onnx --seconds 0", "--seconds"),
        ("net.onnx --threads 0", "--threads"),
        ("net.onnx --affinity one", "--affinity"),
        ("net.onnx --provider cudda", "did you mean 'cuda'"),
    ],
)
@pytest.mark.usefixtures("network")
def test_what_cannot_be_measured_is_refused_in_one_sentence(say: Say, line: str, complaint: str) -> None:
    assert complaint in say(f"measure {line}").refusal


def test_a_network_that_cannot_run_is_refused_in_one_sentence(say: Say, tmp_path: Path) -> None:
    unknown = write_network(tmp_path, "(float[2] x) => (float[2] y) { y = local.Magic(x) }")
    assert "ONNX Runtime cannot run" in say(f"measure {unknown}").refusal


def test_an_interrupt_ends_it_quietly(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(timing_run, "measure", interrupted)
    said = say(f"measure {SQUEEZENET} {QUICKLY}")
    assert said.code == INTERRUPTED
    assert said.err.endswith("blackthorn: interrupted.\n")


def test_a_network_on_a_gpu_is_timed_as_a_whole(say: Say, network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", PlayedRuntime("CUDAExecutionProvider"))
    monkeypatch.setitem(sys.modules, "pynvml", PlayedDriver())
    lines = say(f"measure {network} --input-shape data=4,8 --provider cuda {QUICKLY}").out.splitlines()
    assert lines[0] == f"net on {this_device(1, 'cuda')}"
    assert lines[2] == "kernels: ONNX Runtime does not tell those of this provider"
    assert lines[3].startswith("end to end: ")
    assert len(lines) == 4


def test_a_model_of_another_provider_is_not_this_machines(say: Say, network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", PlayedRuntime("OpenVINOExecutionProvider"))
    own = msgspec.structs.replace(a_model().device, name=this_device())
    write_model(Path("cpu.json"), msgspec.structs.replace(a_model(), device=own))
    line = f"validate {network} --input-shape data=4,8 --provider openvino {QUICKLY}"
    assert f"there is no fitted model of this machine, {this_device(1, 'openvino')}" in say(line).refusal
    assert f"the fitted model is of {this_device()}, but timings taken here are of" in say(f"{line} --device cpu.json").refusal
