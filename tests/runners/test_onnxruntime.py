"""ONNX Runtime for real, on small probes; nothing is asserted about how fast this computer is."""

import math
import os
import sys

import pytest

from blackthorn.errors import BadValue, NotMeasured
from blackthorn.layers import layer_kind
from blackthorn.records import Probe
from blackthorn.runners import CallTimes
from blackthorn.runners import onnxruntime as module
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.runners.ort_probe import OnnxRuntimeProbe
from blackthorn.runners.ort_profiler import LEAST_SHARE, IdleNodes, Overhead
from blackthorn.runners.ort_session import NodeTime, ProfiledSession
from blackthorn.timing import Timer
from tests.runners.makers import QUICK, SMALL, conv2d

pins = pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system cannot pin processes")


class PlayedSession(ProfiledSession):
    """A session whose calls all last one second and whose nodes are given."""

    def __init__(self, *nodes: NodeTime) -> None:
        self._nodes = nodes
        self._made = 0
        self._folder = None

    def call(self) -> float:
        self._made += 1
        return 1.0

    def finish(self) -> list[list[NodeTime]]:
        return [list(self._nodes) for _ in range(self._made)]


class PlayedIdleNodes(IdleNodes):
    """Idle nodes of which the profiler tells another time in every call."""

    def __init__(self, *within: float, between: float = math.nan) -> None:
        self._within = within
        self._between = between
        self.calls = 0
        self.closed = False

    def call(self) -> None:
        self.calls += 1

    def finish(self) -> list[Overhead]:
        return [Overhead(within, self._between) for within in self._within[: self.calls]]

    def close(self) -> None:
        self.closed = True


def test_kernel_time_is_the_mean_of_the_copies_and_nothing_else() -> None:
    copies = layer_kind("conv2d").copies(SMALL.dimensions, "fp32")
    nodes = [NodeTime(f"layer{copy}", "Conv", 0.01 * (copy + 1)) for copy in range(copies)]
    session = PlayedSession(*nodes, NodeTime("re-order", "ReorderOutput", 0.5))
    loaded = OnnxRuntimeProbe(session, SMALL, 0.2, profiled=True)
    assert loaded.call() == pytest.approx(0.8 / copies)
    times = loaded.finish()
    assert list(times.kernel) == pytest.approx([0.01 * (copies + 1) / 2])
    assert list(times.wall) == pytest.approx([0.8 / copies])


def test_the_profilers_share_is_taken_off_every_kernel() -> None:
    copies = layer_kind("conv2d").copies(SMALL.dimensions, "fp32")
    session = PlayedSession(*[NodeTime(f"layer{copy}", "Conv", 0.01) for copy in range(copies)])
    idle = PlayedIdleNodes(0.003, 0.005)
    with OnnxRuntimeProbe(session, SMALL, 0.0, profiled=True, idle=idle) as loaded:
        loaded.call()
        loaded.call()
        assert list(loaded.finish().kernel) == pytest.approx([0.007, 0.005])
    assert idle.closed


def test_kernels_within_which_another_process_ran_are_told_from_the_others() -> None:
    copies = layer_kind("conv2d").copies(SMALL.dimensions, "fp32")
    nodes = [NodeTime(f"layer{copy}", "Conv", 4e-4 if copy else 4e-3) for copy in range(copies)]
    with OnnxRuntimeProbe(PlayedSession(*nodes), SMALL, 0.0, profiled=True, idle=PlayedIdleNodes(1e-4)) as loaded:
        loaded.call()
        times = loaded.finish()
    assert list(times.kernel) == pytest.approx([3e-4 + 36e-4 / copies])
    assert list(times.usual) == pytest.approx([3e-4])


def test_what_the_profiler_cuts_off_a_short_kernel_is_added() -> None:
    copies = layer_kind("conv2d").copies(SMALL.dimensions, "fp32")
    session = PlayedSession(*[NodeTime(f"layer{copy}", "Conv", 3.5e-6, 5.8e-6) for copy in range(copies)])
    with OnnxRuntimeProbe(session, SMALL, 0.0, profiled=True, idle=PlayedIdleNodes(2e-6, between=2e-6)) as loaded:
        loaded.call()
        assert list(loaded.finish().kernel) == pytest.approx([1.8e-6])


def test_more_is_taken_off_where_the_profiler_is_slower_than_around_idle_nodes() -> None:
    copies = layer_kind("conv2d").copies(SMALL.dimensions, "fp32")
    session = PlayedSession(*[NodeTime(f"layer{copy}", "Conv", 9e-6, 12e-6) for copy in range(copies)])
    with OnnxRuntimeProbe(session, SMALL, 0.0, profiled=True, idle=PlayedIdleNodes(2e-6, between=2e-6)) as loaded:
        loaded.call()
        assert list(loaded.finish().kernel) == pytest.approx([9.5e-6 - 1.25 * 2e-6])


def test_all_layers_of_a_probe_give_their_results_into_one_place() -> None:
    with OnnxRuntimeRunner() as runner, runner.load(SMALL) as loaded:
        results = loaded._session._binding.get_outputs()
        assert len(results) > 1
        assert len({result.data_ptr() for result in results}) == 1


def test_a_kernel_shorter_than_the_profilers_share_takes_some_time() -> None:
    session, idle = PlayedSession(NodeTime("z", "Conv", 0.01)), PlayedIdleNodes(0.02)
    loaded = OnnxRuntimeProbe(session, SMALL, 0.0, profiled=True, idle=idle)
    loaded.call()
    assert list(loaded.finish().kernel) == pytest.approx([LEAST_SHARE * 0.02])


def test_what_goes_by_around_kernels_is_timed_by_the_call() -> None:
    loaded = OnnxRuntimeProbe(PlayedSession(), layer_kind("dispatch").probe_at({"nodes": 3}), 0.0, profiled=True)
    assert loaded.call() == 1.0
    assert loaded.finish() == CallTimes([1.0], [1.0])


def test_wall_time_is_positive_even_below_the_overhead() -> None:
    assert OnnxRuntimeProbe(PlayedSession(), SMALL, 2.0, profiled=False).call() > 0


def test_a_kernel_of_an_unknown_name_is_not_passed_over() -> None:
    loaded = OnnxRuntimeProbe(PlayedSession(NodeTime("z", "MagicConv", 0.1)), SMALL, 0.0, profiled=True)
    loaded.call()
    with pytest.raises(NotMeasured, match=r"as MagicConv, none of which.*; add the operator's name to those of conv2d\.$"):
        loaded.finish()


def test_kernels_are_a_part_of_the_wall_time() -> None:
    with OnnxRuntimeRunner() as runner, Timer(runner, runner.reference(), QUICK) as timer:
        measurement = timer.measure(conv2d(filters=64, channels=64, size=16))
    assert 0 < measurement.seconds < measurement.wall_seconds


def test_a_hundred_times_the_work_takes_longer() -> None:
    with OnnxRuntimeRunner() as runner, Timer(runner, runner.reference(), QUICK) as timer:
        light, heavy = (timer.measure(conv2d(filters=filters, channels=64)) for filters in (4, 400))
    assert light.reference_seconds is not None
    assert heavy.at_speed(light.reference_seconds) > light.seconds


@pytest.mark.parametrize("changes", [{"groups": 8}, {"stride": 2}, {"kernel": 1}, {"filters": 1, "channels": 1, "size": 1}])
def test_every_sort_of_convolution_is_recognised(changes: dict[str, int]) -> None:
    with OnnxRuntimeRunner() as runner, runner.load(conv2d(**changes)) as loaded:
        loaded.call()
        assert loaded.finish().kernel[0] > 0


def test_half_precision_is_recognised() -> None:
    probe = layer_kind("conv2d").probe_at(SMALL.dimensions, "fp16")
    with OnnxRuntimeRunner() as runner, runner.load(probe) as loaded:
        loaded.call()
        assert loaded.finish().kernel[0] > 0


def test_what_the_runtime_refuses_is_said_with_the_point(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = layer_kind("conv2d")
    monkeypatch.setattr(type(kind), "onnx_model", lambda *_: b"no model")
    with OnnxRuntimeRunner() as runner, pytest.raises(NotMeasured, match=r"cannot run conv2d fp32 batch=1 channels=8 "):
        runner.load(SMALL)


def test_the_overhead_is_timed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    built = []
    monkeypatch.setattr(module, "idle_model", lambda original=module.idle_model: built.append(1) or original())
    with OnnxRuntimeRunner() as runner:
        for _ in range(2):
            runner.load(SMALL).close()
    assert built == [1]


def test_its_reference_is_a_probe_of_its_own_kind() -> None:
    reference = OnnxRuntimeRunner().reference()
    assert reference is not None
    assert layer_kind("conv2d").probe_at(reference.dimensions) == reference


def test_its_device_names_hardware_runner_and_threads() -> None:
    one, two = (OnnxRuntimeRunner(threads).device() for threads in (1, 2))
    assert one.name.endswith("cpu-onnxruntime-1t")
    assert two.name == one.name.removesuffix("1t") + "2t"
    assert {name.partition("-")[0] for name in one.versions} == {"onnxruntime", "numpy", "python"}
    assert one.details["machine"]


@pins
def test_it_runs_where_it_is_told_and_lets_go() -> None:
    before = os.sched_getaffinity(0)
    cpu = max(before)
    with OnnxRuntimeRunner(affinity=(cpu,)) as runner:
        assert os.sched_getaffinity(0) == {cpu}
        assert runner.device().affinity == (cpu,)
    assert os.sched_getaffinity(0) == before


@pins
def test_several_threads_can_be_pinned() -> None:
    cpu = min(os.sched_getaffinity(0))
    with OnnxRuntimeRunner(threads=2, affinity=(cpu,)) as runner, runner.load(conv2d(size=32)) as loaded:
        assert loaded.call() > 0


@pins
def test_a_cpu_that_is_not_there_is_refused() -> None:
    with pytest.raises(BadValue, match=r"there is no CPU 100000 to run on; choose from: \d"):
        OnnxRuntimeRunner(affinity=(100_000,))


def test_a_system_that_cannot_pin_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "sched_setaffinity", raising=False)
    with pytest.raises(BadValue, match="cannot pin a process to CPUs; leave the affinity out"):
        OnnxRuntimeRunner(affinity=(0,))


def test_no_thread_is_refused() -> None:
    with pytest.raises(BadValue, match="threads=0"):
        OnnxRuntimeRunner(threads=0)


def test_a_missing_package_is_named_with_its_pip_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "find_spec", lambda _: None)
    lacked = OnnxRuntimeRunner.lacks()
    assert lacked is not None
    assert lacked.endswith("install it with: pip install 'onnxruntime'.")


def test_asking_what_it_lacks_does_not_import_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    monkeypatch.setattr(module, "find_spec", lambda _: object())
    assert OnnxRuntimeRunner.lacks() is None


def test_a_layer_that_nobody_knows_is_refused() -> None:
    with OnnxRuntimeRunner() as runner, pytest.raises(Exception, match="no layer kind named 'conv4d'"):
        runner.load(Probe("conv4d", {}))
