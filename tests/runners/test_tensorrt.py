"""The runner on a GPU that is played: what is asked of it in which order, and that nothing of it is kept."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from blackthorn.errors import BadValue, BlackthornError, DeviceFault, MissingPackage, NotMeasured
from blackthorn.layers import layer_kind
from blackthorn.records import Probe
from blackthorn.runners import cuda, trt_versions
from blackthorn.runners import tensorrt as module
from blackthorn.runners.tensorrt import TensorRtRunner
from blackthorn.runners.trt_engines import BuildOptions
from blackthorn.runners.trt_session import CallOptions
from blackthorn.storage.blobs import cache_folder
from blackthorn.timing import Timer, TimingPolicy
from tests.networks import light_networks
from tests.runners.makers import SMALL, conv2d

VERSIONS = ["8.5.2", "8.6.1", "10.3.0", "11.4.0"]
INT8 = layer_kind("conv2d_int8").probe_at({"filters": 16, "channels": 8, "size": 8})
HALF = layer_kind("conv2d").probe_at(SMALL.dimensions, "fp16")
COPIES = layer_kind(SMALL.layer).copies(SMALL.dimensions, SMALL.precision)
LAYER = 20e-6
"""What any layer takes on the played device, in seconds."""


@pytest.fixture(params=VERSIONS)
def any_version(request: pytest.FixtureRequest, nvidia: Any) -> Any:
    nvidia.version = request.param
    return nvidia


def called(runner: TensorRtRunner, probe: Probe = SMALL) -> float:
    with runner, runner.load(probe) as loaded:
        return loaded.call()


def called_once(runner: TensorRtRunner) -> None:
    with runner.load(SMALL) as loaded:
        loaded.call()


def test_a_call_flushes_then_waits_then_runs_between_two_events(any_version: Any) -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        any_version.journal.clear()
        loaded.call()
    asked = any_version.journal[: any_version.journal.index("synchronize") + 1]
    layers = 3 * COPIES  # each is written for and read from
    assert asked == ["flush", "gate", "event", *["kernel"] * layers, "event", "synchronize"]


def test_the_device_is_taken_and_let_go_once(any_version: Any) -> None:
    called(TensorRtRunner())
    contexts = [what for what in any_version.journal if what.startswith("context")]
    assert contexts == ["context retain", "context push", "context pop", "context detach"]
    assert any_version.faults == []
    assert any_version.alive == {}


def test_importing_the_runner_takes_no_device(nvidia: Any) -> None:
    TensorRtRunner().device()
    assert nvidia.journal == []


def test_launches_are_not_timed(any_version: Any) -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        assert loaded.call() == pytest.approx(3 * LAYER)


def test_kernels_are_the_layers_without_what_feeds_them_and_without_the_profiler(any_version: Any) -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        loaded.call()
        times = loaded.finish()
    assert list(times.wall) == pytest.approx([3 * LAYER])
    assert list(times.kernel) == pytest.approx([LAYER])


def test_the_profiler_is_asked_when_the_call_is_over(any_version: Any) -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        loaded.call()
        any_version.journal.clear()
        loaded.finish()
    reports = [index for index, what in enumerate(any_version.journal) if what == "report"]
    assert len(reports) == 1 + module.PROFILED_CALLS  # the first one loads kernels
    assert all(any_version.journal[index - 1] == "synchronize" for index in reports)


def test_warm_weights_are_not_flushed(nvidia: Any) -> None:
    called(TensorRtRunner(call=CallOptions(cold=False)))
    assert "flush" not in nvidia.journal


def test_where_launching_waits_for_the_device_the_gate_is_given_up(nvidia: Any, caplog: pytest.LogCaptureFixture) -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        nvidia.launches_wait = True
        with caplog.at_level("INFO"):
            first = loaded.call()
        nvidia.journal.clear()
        assert loaded.call() == pytest.approx(first)
    assert "launch times are among those that follow" in caplog.text
    assert "gate" not in nvidia.journal
    assert first < 1.0 / COPIES


@pytest.mark.parametrize(
    ("version", "probe", "network", "flags"),
    [
        ("8.6.1", SMALL, 0b01, set()),
        ("8.6.1", HALF, 0b01, {0}),
        ("8.6.1", INT8, 0b01, {1}),
        ("10.3.0", SMALL, 0b11, set()),
        ("10.3.0", HALF, 0b11, set()),
        ("10.3.0", INT8, 0b11, set()),
        ("11.4.0", HALF, 0b10, set()),
        ("11.4.0", INT8, 0b10, set()),
    ],
)
def test_precision_is_allowed_before_10_and_the_files_own_from_then_on(
    nvidia: Any, version: str, probe: Probe, network: int, flags: set[int]
) -> None:
    nvidia.version = version
    called(TensorRtRunner(), probe)
    assert (nvidia.host_set["network flags"], nvidia.host_set["flags"]) == (network, flags)


@pytest.mark.parametrize(("version", "network"), [("8.6.1", 0b01), ("10.3.0", 0b01)])
def test_8_bits_by_ranges_alone(nvidia: Any, version: str, network: int) -> None:
    nvidia.version = version
    called(TensorRtRunner(build=BuildOptions(implicit=True)), INT8)
    assert nvidia.host_set["network flags"] == network
    assert nvidia.host_set["flags"] == {1}
    assert nvidia.host_set["ranges"] == 3 * layer_kind(INT8.layer).copies(INT8.dimensions, INT8.precision)


def test_from_11_on_ranges_alone_are_refused(nvidia: Any) -> None:
    nvidia.version = "11.4.0"
    runner = TensorRtRunner(build=BuildOptions(implicit=True))
    with pytest.raises(DeviceFault, match=r"11\.4\.0 finds no 8 bits by ranges alone; leave out --implicit-int8"):
        runner.open()
    assert nvidia.alive == {}


def test_the_workspace_is_bounded(any_version: Any) -> None:
    called(TensorRtRunner(build=BuildOptions(workspace_mib=64)))
    assert any_version.host_set["workspace"] == 64 * 2**20


def test_an_engine_is_built_once(any_version: Any) -> None:
    assert called(TensorRtRunner()) == pytest.approx(called(TensorRtRunner()))
    assert any_version.builds == 1


def test_what_is_known_of_kernels_is_handed_to_the_next_build(any_version: Any) -> None:
    called(TensorRtRunner())
    called(TensorRtRunner(), HALF)
    (kept,) = (cache_folder() / "tensorrt").glob("*.timing")
    layers = 3 * COPIES
    assert kept.read_bytes().endswith(f"\n{layers};{layers};".encode())


@pytest.mark.parametrize(
    "change",
    [
        lambda nvidia: setattr(nvidia, "gpu", "Xavier"),
        lambda nvidia: setattr(nvidia, "capability", (7, 2)),
        lambda nvidia: setattr(nvidia, "driver_version", 12060),
    ],
    ids=["gpu", "capability", "driver"],
)
def test_an_engine_of_another_device_is_not_used(nvidia: Any, change: Callable[[Any], None]) -> None:
    called(TensorRtRunner())
    change(nvidia)
    called(TensorRtRunner())
    assert nvidia.builds == 2


@pytest.mark.parametrize(
    "other",
    [
        (HALF, BuildOptions()),
        (INT8, BuildOptions()),
        (conv2d(filters=17), BuildOptions()),
        (SMALL, BuildOptions(workspace_mib=8)),
    ],
    ids=["precision", "eight bits", "probe", "workspace"],
)
def test_an_engine_of_something_else_is_not_used(nvidia: Any, other: tuple[Probe, BuildOptions]) -> None:
    called(TensorRtRunner())
    called(TensorRtRunner(build=other[1]), other[0])
    assert nvidia.builds == 2


def test_an_engine_that_does_not_load_is_built_anew(nvidia: Any) -> None:
    with TensorRtRunner() as runner:
        runner.load(SMALL).close()
        nvidia.gpu = "another of the same description"
        with runner.load(SMALL) as loaded:
            assert loaded.call() > 0
    assert nvidia.builds == 2
    assert nvidia.alive == {}


def test_an_engine_that_does_not_load_even_then_is_told(nvidia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with TensorRtRunner() as runner:
        import tensorrt

        def refused(self: Any, content: bytes) -> None:
            self._logger.log(1, "the engine was made for a different compute capability")

        monkeypatch.setattr(tensorrt.Runtime, "deserialize_cuda_engine", refused)
        with pytest.raises(
            NotMeasured, match=r"was built by another TensorRT or for another device .*; remove the kept engines"
        ):
            runner.load(SMALL)


def test_a_damaged_engine_is_built_anew(nvidia: Any) -> None:
    called(TensorRtRunner())
    (kept,) = (cache_folder() / "tensorrt").glob("*.engine")
    kept.write_bytes(kept.read_bytes()[:-5])
    called(TensorRtRunner())
    assert nvidia.builds == 2


def test_a_build_that_takes_too_long_is_stopped(nvidia: Any) -> None:
    slow = TensorRtRunner(build=BuildOptions(seconds=0.0))
    with slow as runner, pytest.raises(NotMeasured, match=r"took longer than 0 s; allow more with --build-timeout"):
        runner.load(SMALL)
    assert nvidia.alive == {}


def test_a_node_that_cannot_be_parsed_is_named(any_version: Any) -> None:
    any_version.refused_operators = frozenset({"Conv"})
    with TensorRtRunner() as runner, pytest.raises(NotMeasured, match=r"does not take node 'layer0' of conv2d fp32"):
        runner.load(SMALL)


class Stopped(Exception):
    """Something that nobody expects."""


def measured() -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        loaded.call()
        loaded.finish()


@pytest.mark.parametrize("error", [KeyboardInterrupt, Stopped])
@pytest.mark.parametrize("launch", [1, 2, 3])
def test_everything_is_let_go_whatever_happens(any_version: Any, error: type[BaseException], launch: int) -> None:
    def stop(count: int) -> None:
        if count == launch:
            raise error

    any_version.on_launch = stop
    with pytest.raises(error) as caught:
        measured()
    caught.value.__traceback__ = None
    assert any_version.alive == {}
    assert any_version.contexts == 0
    assert any_version.taken == 0


def test_the_gate_is_opened_even_where_launching_fails(nvidia: Any) -> None:
    def stop(count: int) -> None:
        if count == 2:
            raise Stopped

    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        nvidia.on_launch = stop
        nvidia.launches = 1
        with pytest.raises(Stopped):
            loaded.call()
        assert nvidia.device < 0.5, "the device waited for the gate until it gave up"
        assert loaded.call() == pytest.approx(3 * LAYER)


def test_a_thousand_probes_leave_nothing(nvidia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    content = module.tensorrt_model(SMALL)
    monkeypatch.setattr(module, "tensorrt_model", lambda probe, implicit: content)  # making it takes longest
    with TensorRtRunner() as runner:
        called_once(runner)
        held = nvidia.alive
        for _ in range(1000):
            called_once(runner)
            assert nvidia.alive == held
            nvidia.journal.clear()
        assert nvidia.taken == 0
    assert nvidia.faults == []


def test_a_probe_that_does_not_fit_is_told_and_the_next_one_runs(nvidia: Any) -> None:
    large = conv2d(size=512, batch=64)
    with TensorRtRunner() as runner:
        nvidia.memory = 64 * 2**20
        with pytest.raises(
            NotMeasured, match=r"does not fit into the memory of the device \(\d+ MiB asked, \d+ of 64 free\)"
        ) as held:
            runner.load(large)
        with runner.load(SMALL) as loaded:
            assert loaded.call() > 0
    assert nvidia.faults == [], "the error that is kept holds something of the device"
    assert nvidia.alive == {}
    del held


def test_a_build_that_runs_out_of_memory_is_told(nvidia: Any) -> None:
    nvidia.build_error = "Error Code 2: OutOfMemory (Requested size was 9 bytes.)"
    with (
        TensorRtRunner() as runner,
        pytest.raises(NotMeasured, match=r"conv2d fp32 .* does not fit into the memory of the device"),
    ):
        runner.load(SMALL)


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("contexts_fail", True, "does not fit into the memory of the device .out of memory"),
        ("launch_fails", True, r"TensorRT cannot run conv2d fp32 .* \(the kernel is not there\)"),
        ("refused_addresses", frozenset({"x0"}), "TensorRT does not take the memory for 'x0' of conv2d fp32"),
    ],
)
def test_what_fails_while_an_engine_is_made_ready_is_told(any_version: Any, name: str, value: Any, message: str) -> None:
    setattr(any_version, name, value)
    with TensorRtRunner() as runner, pytest.raises(NotMeasured, match=message):
        runner.load(SMALL)
    assert any_version.faults == []
    assert any_version.alive == {}


def test_a_profiler_that_tells_nothing_is_told(nvidia: Any) -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        loaded.call()
        nvidia.profiler_is_silent = True
        with pytest.raises(NotMeasured, match="TensorRT's profiler tells nothing of conv2d fp32"):
            loaded.finish()


def test_shapes_lie_in_the_computers_memory_and_results_of_open_shape_fit(nvidia: Any) -> None:
    nvidia.tensors_on_host = frozenset({"x0", "y0_0"})
    nvidia.results_hang_on_numbers = True
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        assert loaded.call() == pytest.approx(3 * LAYER)
    assert "copy in" not in nvidia.journal
    assert nvidia.alive == {}


def test_a_device_that_throttles_is_noticed(nvidia: Any) -> None:
    with TensorRtRunner() as runner, Timer(runner, runner.reference(), TimingPolicy(most_seconds=0.3)) as timer:
        assert timer.measure(SMALL).grade == "settled"
        nvidia.pace = lambda count: 1.6
        slow = timer.measure(SMALL)
        assert slow.grade == "drifting"
        assert slow.at_speed(timer.measure(SMALL).reference_seconds) == pytest.approx(1.6 * LAYER, rel=0.1)


@pytest.mark.parametrize(
    ("break_it", "kind", "message"),
    [
        ({"no_driver": True}, DeviceFault, r"there is no NVIDIA driver here \(libcuda.so.1: .*; install NVIDIA's driver"),
        (
            {"init_error": "no CUDA-capable device is detected"},
            DeviceFault,
            "CUDA finds no device here .*; check with nvidia-smi",
        ),
        ({"devices": 0}, DeviceFault, "CUDA finds no device here; check with nvidia-smi"),
        (
            {"init_error": "CUDA driver version is insufficient for CUDA runtime version"},
            DeviceFault,
            r"the NVIDIA driver is older than CUDA 12\.2 .*; update the driver",
        ),
        ({"init_error": "unknown error"}, DeviceFault, "the NVIDIA driver does not start .*; install NVIDIA's driver"),
        ({"version": "8.4.1"}, DeviceFault, r"TensorRT 8\.4\.1 is too old: .*; use JetPack 5\.1 or later"),
    ],
    ids=lambda value: ",".join(value) if isinstance(value, dict) else None,
)
def test_bad_environments_are_told_in_a_sentence(
    nvidia: Any, break_it: dict[str, Any], kind: type[BlackthornError], message: str
) -> None:
    for name, value in break_it.items():
        setattr(nvidia, name, value)
    with pytest.raises(kind, match=message) as caught:
        called(TensorRtRunner())
    assert "\n" not in str(caught.value)
    assert nvidia.contexts == 0
    assert nvidia.alive == {}


def test_a_driver_older_than_tensorrt_is_told(nvidia: Any) -> None:
    nvidia.builder_error = "Cuda Runtime (cudaError 35: CUDA driver version is insufficient for CUDA runtime version)"
    with (
        TensorRtRunner() as runner,
        pytest.raises(DeviceFault, match=r"the NVIDIA driver is older than TensorRT 10\.3\.0 needs"),
    ):
        runner.load(SMALL)
    assert nvidia.contexts == 0


def test_a_device_that_is_not_there_is_told(nvidia: Any) -> None:
    with pytest.raises(DeviceFault, match="there is no CUDA device 3; there are 1, counted from 0"):
        TensorRtRunner(index=3).open()


def test_errors_of_the_device_end_the_run(nvidia: Any) -> None:
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        import pycuda.driver

        def fail(count: int) -> None:
            raise pycuda.driver.LogicError("cuLaunchKernel failed: an illegal memory access was encountered")

        nvidia.on_launch = fail
        with pytest.raises(DeviceFault, match=r"the GPU stopped working for this program .*; run the same command again"):
            loaded.call()


def test_what_is_missing_is_named_with_the_pip_line(nvidia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    assert TensorRtRunner.lacks() is None
    monkeypatch.setattr(trt_versions, "MODULES", {"tensorrt": ("no_such_tensorrt",)})
    lack = TensorRtRunner.lacks()
    assert lack is not None
    assert "pip install 'blackthorn[tensorrt]'" in lack
    with pytest.raises(MissingPackage, match="needs the Python package 'tensorrt'"):
        TensorRtRunner().open()


def test_without_pycuda_its_pip_line_is_told(nvidia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cuda, "find_spec", lambda name: None)
    lack = TensorRtRunner.lacks()
    assert (
        lack == "the runner 'tensorrt' needs the Python package 'pycuda'; install it with: pip install 'blackthorn[tensorrt]'."
    )
    with pytest.raises(MissingPackage, match="needs the Python package 'pycuda'"):
        TensorRtRunner().device()


def test_memory_that_runs_out_while_a_stream_is_made_is_told(nvidia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with TensorRtRunner() as runner:
        import pycuda.driver

        def refused() -> None:
            raise pycuda.driver.MemoryError("cuStreamCreate failed: out of memory")

        monkeypatch.setattr(pycuda.driver, "Stream", refused)
        with pytest.raises(NotMeasured, match=r"does not fit into the memory of the device \(cuStreamCreate failed"):
            runner.load(SMALL)
    assert nvidia.alive == {}


@pytest.mark.parametrize("options", [{"threads": 2}, {"affinity": (0,)}])
def test_threads_and_cpus_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(BadValue, match="leave out --threads and --affinity"):
        TensorRtRunner(**options)


def test_a_runner_that_is_not_open_loads_nothing(nvidia: Any) -> None:
    with pytest.raises(BadValue, match="the runner is not open"):
        TensorRtRunner().load(SMALL)


def test_the_device_is_described(any_version: Any) -> None:
    device = TensorRtRunner().device()
    assert (device.name, device.runner, device.threads) == ("orin-tensorrt", "tensorrt", 1)
    assert device.versions["tensorrt"] == any_version.version
    assert device.details["compute_capability"] == "8.7"
    assert device.details["weights"] == "cold"


def test_a_network_is_called_as_programs_do_and_its_layers_add_up(any_version: Any) -> None:
    with TensorRtRunner() as runner, runner.load_network(light_networks()["light_squeezenet"], {}) as network:
        any_version.journal.clear()
        whole = network.call()
        assert "gate" not in any_version.journal
        profiled = network.call_profiled()
        times = network.finish()
    assert times.seconds.shape == (1, len(times.executed))
    assert times.seconds.sum() == pytest.approx(whole, rel=0.05)
    assert profiled > whole
    conv = next(node for node in times.executed if node.operator == "Conv")
    assert conv.nodes == (conv.name,)


def test_transfers_are_timed_apart(any_version: Any) -> None:
    with TensorRtRunner() as runner, runner.load_network(light_networks()["light_squeezenet"], {}) as network:
        network.call()
        assert "copy back" not in any_version.journal
        transfers = network.transfers()
    assert transfers.to_device == pytest.approx(4 * 3 * 224 * 224 / 10e9)
    assert transfers.to_host == pytest.approx(4 * 1000 / 10e9)
    assert any_version.faults == []


def test_a_network_with_an_open_shape_is_built_for_the_one_given(nvidia: Any, tmp_path: Path) -> None:
    import onnx

    model = onnx.load(light_networks()["light_squeezenet"])
    data = next(value for value in model.graph.input if value.name not in {held.name for held in model.graph.initializer})
    shape = tuple(size.dim_value for size in data.type.tensor_type.shape.dim)
    data.type.tensor_type.shape.dim[0].dim_param = "batch"
    onnx.save(model, tmp_path / "open.onnx")
    with TensorRtRunner() as runner, runner.load_network(tmp_path / "open.onnx", {data.name: shape}) as network:
        assert network.call() > 0
        assert network.call_profiled() > 0
    assert [list(profile.shapes) for profile in nvidia.host_set["profiles"]] == [[data.name]]


def test_kernels_that_bear_none_of_the_probes_names_all_count(
    nvidia: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(module, "engine_layers", lambda information, names: ())
    with TensorRtRunner() as runner, runner.load(SMALL) as loaded:
        loaded.call()
        times = loaded.finish()
    assert list(times.kernel) == pytest.approx(list(times.wall))
    assert "names no kernel of conv2d fp32" in caplog.text


def test_a_graph_is_recorded_once_and_launched_from_then_on(nvidia: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from blackthorn.runners import trt_session

    class Recorded:
        made: list["Recorded"] = []

        def __init__(self, enqueue: Callable[[int], None], stream: int) -> None:
            self._enqueue = enqueue
            self.launched = 0
            self.closed = False
            self.made.append(self)

        def enqueue(self, stream: int) -> None:
            self.launched += 1
            self._enqueue(stream)

        def close(self) -> None:
            self.closed = True
            del self._enqueue

    monkeypatch.setattr(trt_session, "RecordedWork", Recorded)
    with TensorRtRunner(call=CallOptions(graph=True)) as runner, runner.load(SMALL) as loaded:
        for _ in range(3):
            loaded.call()
    (recorded,) = Recorded.made
    assert recorded.launched == 1 + 3  # the first one brings it to the device
    assert recorded.closed
    assert nvidia.faults == []
