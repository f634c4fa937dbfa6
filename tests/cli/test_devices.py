import pytest

from blackthorn.cli.model_choice import this_device
from blackthorn.errors import MissingPackage
from blackthorn.runners import runner_classes
from blackthorn.runners.host import describe_host
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from tests.cli.conftest import Say


@pytest.fixture
def no_onnxruntime(monkeypatch: pytest.MonkeyPatch) -> None:
    lack = str(MissingPackage("onnxruntime", "onnxruntime", "the runner 'onnxruntime'"))
    monkeypatch.setattr(OnnxRuntimeRunner, "lacks", classmethod(lambda _: lack))


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
    assert "onnxruntime  no" in said.out
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
