"""The runner that drives trtexec, against a program that takes the same options and writes the same files."""

import json
from pathlib import Path

import pytest

from blackthorn.errors import BadValue, BlackthornError, NotMeasured
from blackthorn.layers import layer_kind
from blackthorn.records import Probe
from blackthorn.runners import trtexec_program
from blackthorn.runners.trtexec import FIRST_CALLS, TrtexecRunner
from blackthorn.timing import Timer, TimingPolicy
from tests.runners.fake_trtexec import LAYER_MS, MS
from tests.runners.makers import SMALL

HALF = layer_kind("conv2d").probe_at({"filters": 16, "channels": 8, "size": 8, "kernel": 3}, "fp16")
VERSIONS = ("8.5.2", "10.6.0", "11.1.0")


class Notes:
    """The runs of the stand-in so far, each as its options."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def runs(self) -> list[dict[str, str]]:
        lines = self._path.read_text().splitlines() if self._path.exists() else []
        return [dict(word.removeprefix("--").partition("=")[::2] for word in json.loads(line)) for line in lines]


@pytest.fixture
def notes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Notes:
    monkeypatch.setenv("FAKE_TRTEXEC_NOTES", str(tmp_path / "notes"))
    return Notes(tmp_path / "notes")


@pytest.fixture
def runner() -> TrtexecRunner:
    return TrtexecRunner()


def test_a_measurement_is_the_layers_share_of_what_the_gpu_took(runner: TrtexecRunner) -> None:
    with runner, Timer(runner, runner.reference(SMALL), TimingPolicy()) as timer:
        found = timer.measure(SMALL)
    assert found.seconds == pytest.approx(LAYER_MS / 1e3, rel=0.01)
    assert found.wall_seconds == pytest.approx(MS / 1e3, rel=0.01)
    assert (found.reference_seconds, found.grade) == (None, "settled")


def test_one_process_gives_many_calls_and_the_next_one_the_engine_again(runner: TrtexecRunner, notes: Notes) -> None:
    with runner.load(SMALL) as loaded:
        for _ in range(FIRST_CALLS):
            loaded.call()
        (first,) = notes.runs()
        loaded.call()
        second = notes.runs()[1]
    assert (first["iterations"], second["iterations"]) == (str(FIRST_CALLS), str(2 * FIRST_CALLS))
    assert "onnx" not in second
    assert second["loadEngine"] == first["saveEngine"]
    assert not Path(first["saveEngine"]).exists()


def test_its_clock_is_the_gpus(runner: TrtexecRunner) -> None:
    with runner.load(SMALL, profiled=False) as loaded:
        begin = runner.clock()
        seconds = sum(loaded.call() for _ in range(10))
    assert runner.clock() - begin == pytest.approx(seconds)


def test_calls_of_the_warm_up_do_not_count(runner: TrtexecRunner) -> None:
    with runner.load(SMALL) as loaded:
        assert max(loaded.call() for _ in range(FIRST_CALLS)) < 2 * MS / 1e3


EXPECTED = {
    "8.5.2": {"fp16": "", "memPoolSize": "workspace:1024", "useCudaGraph": "", "useSpinWait": "", "noDataTransfers": ""},
    "10.6.0": {"stronglyTyped": "", "memPoolSize": "workspace:1024", "useCudaGraph": "", "noDataTransfers": ""},
    "11.1.0": {"stronglyTyped": "", "memPoolSize": "workspace:1024", "separateProfileRun": ""},
}


@pytest.mark.parametrize("version", VERSIONS)
def test_each_version_gets_the_options_that_it_knows(
    version: str, runner: TrtexecRunner, notes: Notes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_VERSION", version)
    with runner.load(HALF) as loaded:
        loaded.call()
    (run,) = notes.runs()
    assert run.items() >= EXPECTED[version].items()
    assert ("fp16" in run, "useCudaGraph" in run) == (version == "8.5.2", version != "11.1.0")
    assert run["timingCacheFile"].endswith(f"trtexec-{version}.cache")
    assert runner.device().versions == {"tensorrt": version}


def test_older_versions_are_told_of_8_bits(runner: TrtexecRunner, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_VERSION", "8.5.2")
    for kind in ("quantize", "relu"):
        with runner.load(layer_kind(kind).probe_at({"elements": 100})):
            pass
    assert ["int8" in run for run in notes.runs()] == [True, False]


def test_the_device_is_described_by_what_trtexec_prints(runner: TrtexecRunner, notes: Notes) -> None:
    device = runner.device()
    assert device is runner.device()
    assert (device.name, device.hardware, device.runner) == ("orin-trtexec", "Orin", "trtexec")
    assert device.details["compute_capability"] == "8.7"
    (run,) = notes.runs()
    assert "skipInference" in run


def test_a_board_is_part_of_the_devices_name(tmp_path: Path) -> None:
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_text("NVIDIA Jetson Orin Nano Developer Kit\0")
    device = TrtexecRunner(root=tmp_path).device()
    assert device.name.startswith("nvidia-jetson-orin-nano-developer-kit-")
    assert device.name.endswith("-orin-trtexec")
    assert "Jetson Orin Nano" in device.hardware


def test_a_layer_of_the_second_compiler_is_found_by_its_description(
    runner: TrtexecRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_SAYS", "compiled")
    with runner.load(SMALL) as loaded:
        wall = loaded.call()
        assert loaded.finish().kernel == pytest.approx([wall * LAYER_MS / MS])


def test_a_probe_that_is_timed_by_its_call_is_its_own_whole(runner: TrtexecRunner) -> None:
    with runner.load(Probe("dispatch", {"nodes": 4})) as loaded:
        loaded.call()
        times = loaded.finish()
    assert list(times.wall) == list(times.kernel)


SKIPPED = {
    "no memory": "there is not enough memory to build or run conv2d fp32 .* on the GPU; close other programs",
    "no kernel": "TensorRT has no kernel for conv2d fp32",
    "no parser": r"TensorRT cannot read the node 'layer0' \(Conv\) of conv2d fp32 .*: onnxOpImporters",
    "something": r"trtexec failed on conv2d fp32 .* \(it broke\); run the sweep with -vv",
    "nothing": r"trtexec failed on conv2d fp32 .* \(exit status 1\)",
    "renamed": "TensorRT ran conv2d fp32 .* as layer01, none of which is named after the layer",
    "no calls": "trtexec timed no call of conv2d fp32",
    "no times": r"trtexec did not write what it was asked for about conv2d fp32 .* \(times\)",
}
"""What goes wrong with one point, and what is said of it; the sweep goes on without."""


@pytest.mark.parametrize("says", SKIPPED)
def test_a_point_that_cannot_be_timed_is_skipped_with_a_sentence(
    says: str, runner: TrtexecRunner, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_SAYS", says)
    with pytest.raises(NotMeasured, match=SKIPPED[says]) as caught:
        runner.load(SMALL)
    assert "\n" not in str(caught.value)


FATAL = {
    "no gpu": "trtexec finds no NVIDIA GPU; check it with nvidia-smi",
    "old driver": "the NVIDIA driver is older than TensorRT needs; update the driver",
    "no driver": "trtexec cannot reach the NVIDIA driver; check it with nvidia-smi",
    "no library": r"trtexec lacks the library libnvinfer\.so\.10; install the whole of TensorRT",
}
"""What goes wrong with the machine; no point could be timed."""


@pytest.mark.parametrize("says", FATAL)
def test_what_ails_the_machine_ends_the_sweep(says: str, runner: TrtexecRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_SAYS", says)
    with pytest.raises(BlackthornError, match=FATAL[says]) as caught:
        runner.device()
    assert not isinstance(caught.value, NotMeasured)


def test_a_run_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_SAYS", "hang")
    runner = TrtexecRunner(time_limit=2.0)
    with pytest.raises(NotMeasured, match="took more than 2 s for conv2d"):
        runner.load(SMALL)


def test_an_option_that_it_does_not_know_is_named(runner: TrtexecRunner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trtexec_program.TrtexecProgram, "building_only", lambda _: ["--explode"])
    with pytest.raises(BlackthornError, match="this trtexec does not know --explode; use one of TensorRT"):
        runner.device()


def test_threads_and_cpus_are_of_no_use() -> None:
    for chosen in ({"threads": 2}, {"affinity": (0,)}):
        with pytest.raises(BadValue, match="has no threads or CPUs to choose"):
            TrtexecRunner(**chosen)


def test_a_missing_program_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trtexec_program, "USUAL_PLACES", ())
    monkeypatch.setenv("PATH", "")
    assert "sudo apt install tensorrt" in str(TrtexecRunner.lacks())
    with pytest.raises(BlackthornError, match="which is not found; install TensorRT"):
        TrtexecRunner()


def test_it_is_found_where_packages_put_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "trtexec").touch()
    monkeypatch.setattr(trtexec_program, "USUAL_PLACES", (tmp_path / "missing", tmp_path / "trtexec"))
    monkeypatch.setenv("PATH", "")
    assert trtexec_program.find_program() == tmp_path / "trtexec"


def test_a_program_that_cannot_be_started_says_so(tmp_path: Path) -> None:
    (tmp_path / "trtexec").write_text("not a program")
    with pytest.raises(BlackthornError, match="cannot be started: Permission denied"):
        TrtexecRunner(program=tmp_path / "trtexec").device()


def test_folders_of_probes_are_gone_afterwards(runner: TrtexecRunner, notes: Notes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_SAYS", "no memory")
    with pytest.raises(NotMeasured):
        runner.load(SMALL)
    (run,) = notes.runs()
    assert not Path(run["onnx"]).parent.exists()
