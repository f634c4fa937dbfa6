import re
import sys
from pathlib import Path

import msgspec
import pytest

from blackthorn.cli import device_list
from blackthorn.cli.model_choice import this_device
from blackthorn.errors import MissingPackage
from blackthorn.runners import onnxruntime as onnxruntime_runner
from blackthorn.runners import runner_classes
from blackthorn.runners.host import describe_host
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.storage import write_model
from tests.cli.conftest import Say
from tests.examples import a_model
from tests.networks import write_network
from tests.runners.boards import ORIN_NX, a_computer
from tests.runners.played_nvml import PlayedDriver


@pytest.fixture
def no_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    lack = str(MissingPackage("onnxruntime", "onnxruntime", "the runner 'onnxruntime'"))
    monkeypatch.setattr(OnnxRuntimeRunner, "lacks", classmethod(lambda _: lack))


@pytest.fixture
def on_an_orin(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """As if this machine were a Jetson whose clocks are not locked."""
    board = describe_host(a_computer(tmp_path / "board", ORIN_NX))
    for module in (device_list, onnxruntime_runner):
        monkeypatch.setattr(module, "describe_host", lambda: board)


LOOSE = "the clocks of this board are not locked (cpu0, cpu4, 17000000.gpu), so timings follow the load; lock them with: sudo"


@pytest.mark.usefixtures("on_an_orin")
def test_a_board_whose_clocks_are_not_locked_is_warned_of(say: Say) -> None:
    said = say("devices")
    assert "  l4t: 36.3.0\n" in said.out
    assert f"\nwarning: {LOOSE} jetson_clocks" in said.out
    (warning,) = say("devices --json").json["this_machine"]["warnings"]
    assert warning.startswith(LOOSE)


@pytest.mark.usefixtures("on_an_orin")
@pytest.mark.parametrize(
    "line",
    [
        "sweep conv2d --dim filters --max-points 1 --at size=4",
        "measure {} --seconds 0.1",
        "validate {} --seconds 0.1 --device m.json",
    ],
)
def test_whoever_times_on_such_a_board_is_warned(say: Say, caplog: pytest.LogCaptureFixture, tmp_path: Path, line: str) -> None:
    network = write_network(tmp_path, "(float[1, 8] x) => (float[1, 8] y) { y = Sin(x) }")
    model = msgspec.structs.replace(a_model(), device=msgspec.structs.replace(a_model().device, name=this_device()))
    write_model(Path("m.json"), model)
    say(line.format(network))
    assert [record.message for record in caplog.records if record.message.startswith(LOOSE)]


def test_the_gpu_of_a_pc_is_described(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pynvml", PlayedDriver())
    assert "\nits GPU: NVIDIA GeForce RTX 3060\n  driver: 535.104.05\n" in say("devices").out
    assert say("devices --json").json["gpu"]["details"]["compute_capability"] == "8.6"


def test_a_computer_without_a_gpu_or_without_what_tells_of_it_is_described(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (PlayedDriver(gpus=0), None):
        monkeypatch.setitem(sys.modules, "pynvml", module)
        said = say("devices")
        assert (said.code, said.err) == (0, "")
        assert "GPU:" not in said.out
        assert say("devices --json").json["gpu"] is None


def test_every_runner_is_listed_with_what_it_is(say: Say) -> None:
    said = say("devices")
    assert said.code == 0
    for name, runner in runner_classes().items():
        assert name in said.out
        assert runner.summary in said.out


def test_this_machine_is_described(say: Say) -> None:
    said = say("devices")
    assert describe_host().hardware in said.out
    assert this_device() in said.out


@pytest.mark.usefixtures("no_onnxruntime")
def test_what_a_runner_lacks_is_told_with_its_pip_line(say: Say) -> None:
    said = say("devices")
    assert said.code == 0
    assert re.search(r"^onnxruntime +no ", said.out, re.MULTILINE)
    assert "pip install 'onnxruntime'" in said.out


@pytest.mark.usefixtures("no_onnxruntime")
def test_programs_get_the_same(say: Say) -> None:
    found = say("devices --json").json
    runners = {runner["name"]: runner for runner in found["runners"]}
    assert runners.keys() == runner_classes().keys()
    assert runners["simulated"]["runs_here"]
    assert runners["simulated"]["lacks"] is None
    assert not runners["onnxruntime"]["runs_here"]
    assert "pip install" in runners["onnxruntime"]["lacks"]
    assert found["this_machine"]["device"] == this_device()


@pytest.mark.usefixtures("no_onnxruntime")
def test_a_runner_that_lacks_something_does_not_sweep(say: Say) -> None:
    refusal = say("sweep conv2d --dim filters").refusal
    assert refusal == (
        "blackthorn: the runner 'onnxruntime' needs the Python package 'onnxruntime'; "
        "install it with: pip install 'onnxruntime'.\n"
    )
