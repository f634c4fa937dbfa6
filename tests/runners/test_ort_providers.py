"""Providers of ONNX Runtime: those that are installed for real, others played by the CPU's kernels."""

import os
import sys
from pathlib import Path

import pytest

from blackthorn.errors import BlackthornError, DeviceFault, NotMeasured, UnknownName
from blackthorn.layers import layer_kind
from blackthorn.records import Device
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.runners.ort_fusions import ANYWHERE, onnxruntime_fusions
from blackthorn.runners.ort_providers import CPU, blocking_launches, left_to_cpu, provider_named
from blackthorn.runners.trt_fusions import TENSORRT_FUSIONS
from blackthorn.timing import Timer
from tests.networks import light_networks, write_network
from tests.runners.makers import QUICK, SMALL, conv2d
from tests.runners.played_nvml import THROTTLED_BITS, NVMLError_LibraryNotFound, PlayedDriver
from tests.runners.played_onnxruntime import PlayedRuntime

onnxruntime = pytest.importorskip("onnxruntime")


CUDA, TENSORRT, DML = "CUDAExecutionProvider", "TensorrtExecutionProvider", "DmlExecutionProvider"
OPENVINO, XNNPACK = "OpenVINOExecutionProvider", "XnnpackExecutionProvider"
CHAIN = "(float[2, 8] x) => (float[2, 8] z) { y = Sin(x)  z = Softmax(y) }"
SHAPES = """
(float[2, 8] x) => (float[n] z)
{ s = Shape(x)  l = Constant<value = int64[1] {1}>()  r = Mul(s, l)  p = ReduceProd<keepdims = 1>(r)
  y = Sin(x)  z = Reshape(y, p) }
"""
LOOP = """
(bool c, float[4] x) => (float[4] z)
{ y = If (c) <then_branch = a () => (float[4] t) { t = Relu(x) },
              else_branch = b () => (float[4] e) { s = Sigmoid(x)  e = Neg(s) }>
  z = Neg(y) }
"""


def installed(provider: str) -> pytest.MarkDecorator:
    return pytest.mark.skipif(provider not in onnxruntime.get_available_providers(), reason=f"this build has no {provider}")


def play(monkeypatch: pytest.MonkeyPatch, played: PlayedRuntime) -> PlayedRuntime:
    """The played runtime, and an NVIDIA driver beside it."""
    monkeypatch.setitem(sys.modules, "onnxruntime", played)
    monkeypatch.setitem(sys.modules, "pynvml", PlayedDriver())
    return played


@pytest.fixture
def cuda(monkeypatch: pytest.MonkeyPatch) -> PlayedRuntime:
    return play(monkeypatch, PlayedRuntime(CUDA))


def test_the_usual_provider_is_the_cpus_and_needs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    assert provider_named("cpu") == CPU
    assert OnnxRuntimeRunner().device().name == OnnxRuntimeRunner(provider="cpu").device().name


def test_a_provider_that_nobody_knows_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match="no provider named 'cudaa'; did you mean 'cuda'"):
        provider_named("cudaa")


def test_a_provider_that_this_build_lacks_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(onnxruntime, "get_available_providers", lambda: ["AzureExecutionProvider", "CPUExecutionProvider"])
    with pytest.raises(BlackthornError) as refused:
        OnnxRuntimeRunner(provider="cuda")
    assert str(refused.value) == (
        f"this build of ONNX Runtime {onnxruntime.__version__} has no provider 'cuda', only azure, cpu; "
        "install: pip install --force-reinstall 'onnxruntime-gpu', or choose one of these."
    )
    with pytest.raises(BlackthornError, match="build ONNX Runtime with it, or choose"):
        provider_named("rknpu")
    monkeypatch.setattr("blackthorn.runners.ort_providers.describe_jetson", object)
    with pytest.raises(BlackthornError, match="install onnxruntime-gpu for your JetPack from https://pypi"):
        provider_named("cuda")
    with pytest.raises(BlackthornError, match="pip install --force-reinstall 'onnxruntime-openvino'"):
        provider_named("openvino")


@installed("AzureExecutionProvider")
def test_a_silent_fall_back_to_the_cpu_is_refused_for_real() -> None:
    """Azure's provider takes no node of any network that is not a call of its service."""
    with OnnxRuntimeRunner(provider="azure") as runner:
        with runner.load(SMALL) as loaded:
            loaded.call()
            with pytest.raises(NotMeasured, match=r"the provider 'azure' left nodes of conv2d fp32 .* to the CPU: .*\(Conv\)"):
                loaded.finish()
        with pytest.raises(NotMeasured, match=r"left nodes of conv2d .* to the CPU: .*; choose the provider 'cpu'"):
            runner.load(SMALL, profiled=False)
        with pytest.raises(NotMeasured, match=r"light_squeezenet.onnx to the CPU: .* and \d+ more; choose"):
            runner.load_network(light_networks()["light_squeezenet"], {})


def test_a_gpus_probe_is_timed_with_its_tensors_on_the_gpu(cuda: PlayedRuntime) -> None:
    with OnnxRuntimeRunner(provider="cuda") as runner, Timer(runner, runner.reference(), QUICK) as timer:
        measurement = timer.measure(SMALL)
    assert set(cuda.memories) == {"cuda"}
    assert 0 < measurement.seconds < measurement.wall_seconds


def test_a_gpu_waits_for_kernels_of_probes_and_not_for_those_of_networks(cuda: PlayedRuntime, tmp_path: Path) -> None:
    assert "CUDA_LAUNCH_BLOCKING" not in os.environ
    with OnnxRuntimeRunner(provider="cuda") as runner, runner.load(SMALL) as loaded:
        loaded.call()
    assert set(cuda.blocking) == {"1"}
    cuda.blocking.clear()
    with OnnxRuntimeRunner(provider="cuda") as runner:
        runner.load_network(write_network(tmp_path, CHAIN), {}).close()
        runner.load(SMALL).close()
    assert set(cuda.blocking) == {None}
    assert "CUDA_LAUNCH_BLOCKING" not in os.environ


def test_a_variable_that_was_set_is_set_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_LAUNCH_BLOCKING", "0")
    with blocking_launches():
        assert os.environ["CUDA_LAUNCH_BLOCKING"] == "1"
    assert os.environ["CUDA_LAUNCH_BLOCKING"] == "0"


def test_of_a_network_on_a_gpu_the_whole_is_told(cuda: PlayedRuntime, tmp_path: Path) -> None:
    with OnnxRuntimeRunner(provider="cuda") as runner, runner.load_network(write_network(tmp_path, CHAIN), {}) as loaded:
        assert loaded.call() > 0
        assert loaded.call_profiled() > 0
        times = loaded.finish()
    assert times.executed == ()
    assert times.seconds.shape == (1, 0)
    assert set(cuda.memories) == {"cuda"}


def test_another_provider_is_another_device(cuda: PlayedRuntime) -> None:
    device = OnnxRuntimeRunner(provider="cuda").device()
    assert device.name == "nvidia-geforce-rtx-3060-onnxruntime-cuda-1t"
    assert device.runner == "onnxruntime"
    assert device.hardware.startswith("NVIDIA GeForce RTX 3060; ")
    assert device.details["provider"] == "cuda"
    assert device.details["gpu_compute_capability"] == "8.6"
    assert device.versions["driver"] == "535.104.05"


def test_a_provider_without_a_gpu_is_named_after_the_computer(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, PlayedRuntime(OPENVINO))
    device = OnnxRuntimeRunner(threads=2, provider="openvino").device()
    assert device.name == OnnxRuntimeRunner(threads=2).device().name.replace("-2t", "-openvino-2t")


def test_an_operator_that_a_provider_leaves_to_the_cpu_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, PlayedRuntime(CUDA, refuses=["Softmax"]))
    with OnnxRuntimeRunner(provider="cuda") as runner:
        with pytest.raises(
            NotMeasured, match=r"the provider 'cuda' left nodes of .*net.onnx to the CPU: Softmax_1 \(Softmax\);"
        ):
            runner.load_network(write_network(tmp_path, CHAIN), {})
        with runner.load(layer_kind("softmax").probe_at({})) as loaded:
            loaded.call()
            with pytest.raises(NotMeasured, match=r"left nodes of softmax fp32 .* to the CPU: layer\d \(Softmax\), layer"):
                loaded.finish()


def test_arithmetic_with_shapes_may_stay_on_the_cpu(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    path = write_network(tmp_path, SHAPES.replace("float[2, 8] x", "float[a, 8] x"))
    play(monkeypatch, PlayedRuntime(OPENVINO, refuses=["Shape", "Mul", "ReduceProd"]))
    with OnnxRuntimeRunner(provider="openvino") as runner, runner.load_network(path, {"x": (2, 8)}) as loaded:
        loaded.call_profiled()
        assert "Sin" in [node.operator for node in loaded.finish().executed]


def test_an_idle_network_may_stay_on_the_cpu(monkeypatch: pytest.MonkeyPatch) -> None:
    """It tells what goes by around kernels, and not every provider has its operators."""
    play(monkeypatch, PlayedRuntime(XNNPACK, refuses=["Neg", "Abs"]))
    with OnnxRuntimeRunner(provider="xnnpack") as runner, runner.load(SMALL) as loaded:
        loaded.call()
        assert loaded.finish().kernel[0] > 0


@pytest.mark.parametrize("provider", [CUDA, TENSORRT, OPENVINO])
def test_a_provider_that_does_not_start_is_said(monkeypatch: pytest.MonkeyPatch, provider: str) -> None:
    play(monkeypatch, PlayedRuntime(provider, starts=False))
    name = provider.removesuffix("ExecutionProvider").lower()
    with (
        OnnxRuntimeRunner(provider=name) as runner,
        pytest.raises(DeviceFault, match=f"cannot start its provider '{name}' here; "),
    ):
        runner.load(SMALL)


def test_why_a_provider_does_not_start_is_said(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    play(monkeypatch, PlayedRuntime(TENSORRT, fails="Please install TensorRT libraries\nas the page says"))
    complaint = r"provider 'tensorrt' here \(Please install TensorRT libraries\); install NVIDIA's driver .* and TensorRT"
    with OnnxRuntimeRunner(provider="tensorrt") as runner, pytest.raises(DeviceFault, match=complaint):
        runner.load_network(write_network(tmp_path, CHAIN), {})
    assert capsys.readouterr() == ("", "")


def test_no_driver_is_said_before_anything_else(monkeypatch: pytest.MonkeyPatch) -> None:
    play(monkeypatch, PlayedRuntime(CUDA))
    monkeypatch.setitem(sys.modules, "pynvml", PlayedDriver(refuses=NVMLError_LibraryNotFound()))
    with pytest.raises(DeviceFault, match="there is no NVIDIA driver here"):
        OnnxRuntimeRunner(provider="cuda").device()


def test_a_driver_older_than_the_build_is_said(cuda: PlayedRuntime) -> None:
    cuda.cuda_version = "13.0"
    complaint = (
        r"driver 535.104.05 is older than ONNX Runtime 1.99.0: it runs CUDA 12.2, not 13; update the driver to version 580"
    )
    with OnnxRuntimeRunner(provider="cuda") as runner, pytest.raises(DeviceFault, match=complaint):
        runner.load(SMALL)
    assert sys.modules["pynvml"].begun == 0


def test_a_gpu_that_throttles_is_heard(cuda: PlayedRuntime) -> None:
    with OnnxRuntimeRunner(provider="cuda") as runner, Timer(runner, runner.reference(), QUICK) as timer:
        timer.measure(SMALL)
        sys.modules["pynvml"].bits = THROTTLED_BITS["HwThermalSlowdown"]
        assert timer.measure(conv2d(filters=32)).grade == "throttled"
    assert sys.modules["pynvml"].begun == 0


def test_a_provider_that_compiles_the_probe_is_timed_by_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    played = play(monkeypatch, PlayedRuntime(OPENVINO, merges=True))
    with OnnxRuntimeRunner(threads=2, provider="openvino") as runner, runner.load(SMALL) as loaded:
        loaded.call()
        times = loaded.finish()
    assert times.kernel == times.wall
    assert played.sessions[-1] == {"num_of_threads": "2"}


def test_a_provider_whose_kernels_nobody_times_is_timed_by_the_call(monkeypatch: pytest.MonkeyPatch) -> None:
    played = play(monkeypatch, PlayedRuntime(DML))
    with OnnxRuntimeRunner(provider="dml") as runner, runner.load(SMALL) as loaded:
        loaded.call()
        times = loaded.finish()
    assert times.kernel == times.wall
    assert set(played.memories) == {"dml"}
    assert set(played.blocking) == {None}


def test_what_runs_of_a_network_is_told_by_the_names_of_its_nodes(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, PlayedRuntime(OPENVINO))
    with OnnxRuntimeRunner(provider="openvino") as runner, runner.load_network(write_network(tmp_path, LOOP), {}) as loaded:
        assert loaded.call() > 0
        for _ in range(3):
            loaded.call_profiled()
        times = loaded.finish()
    assert [(node.operator, len(node.nodes)) for node in times.executed] == [("If", 1), ("Neg", 1)]
    assert times.seconds.shape == (3, 2)


def test_of_a_network_that_a_provider_compiled_the_whole_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, PlayedRuntime(OPENVINO, merges=True))
    with OnnxRuntimeRunner(provider="openvino") as runner, runner.load_network(write_network(tmp_path, CHAIN), {}) as loaded:
        loaded.call_profiled()
        times = loaded.finish()
    assert (times.executed, times.seconds.shape) == ((), (1, 0))


def test_without_a_call_nothing_is_told(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    play(monkeypatch, PlayedRuntime(OPENVINO))
    with OnnxRuntimeRunner(provider="openvino") as runner, runner.load_network(write_network(tmp_path, CHAIN), {}) as loaded:
        assert loaded.finish().seconds.shape == (0, 0)


def test_each_provider_has_the_fusions_that_are_known_of_it() -> None:
    def fusions(**details: str) -> object:
        return OnnxRuntimeRunner.fusions(Device("d", "onnxruntime", "h", 1, details={"machine": "aarch64", **details}))

    assert fusions() == onnxruntime_fusions(None)
    assert fusions(provider="tensorrt") == TENSORRT_FUSIONS
    assert fusions(provider="cuda") == fusions(provider="openvino") == ANYWHERE


def test_only_kernels_count_as_work_of_the_cpu() -> None:
    profile = b"""[
      {"cat": "Session", "name": "model_run", "ts": 1, "dur": 1, "args": {}},
      {"cat": "Node", "name": "conv_fence_before", "ts": 1, "dur": 1, "args": {"op_name": "Conv"}},
      {"cat": "Node", "name": "conv_kernel_time", "args": {"op_name": "Conv", "provider": "CUDAExecutionProvider"}},
      {"cat": "Node", "name": "top_kernel_time", "args": {"op_name": "TopK", "provider": "CPUExecutionProvider",
        "output_type_shape": [{"float": [4]}, {"int64": [4]}]}},
      {"cat": "Node", "name": "ids_kernel_time", "args": {"op_name": "Add", "provider": "CPUExecutionProvider",
        "output_type_shape": [{"int64": [4, 4]}]}},
      {"cat": "Node", "name": "shape_kernel_time", "args": {"op_name": "Shape", "provider": "CPUExecutionProvider",
        "output_type_shape": [{"int64": [4]}]}}]"""
    assert left_to_cpu(profile) == ["top (TopK)", "ids (Add)"]


@installed(OPENVINO)
def test_openvino_times_probes_and_networks_for_real(tmp_path: Path) -> None:
    with OnnxRuntimeRunner(provider="openvino") as runner:
        with Timer(runner, runner.reference(), QUICK) as timer:
            measurement = timer.measure(SMALL)
        with runner.load_network(light_networks()["light_squeezenet"], {}) as loaded:
            assert loaded.call() > 0
            loaded.call_profiled()
            times = loaded.finish()
    assert measurement.seconds > 0
    assert times.executed == ()
