"""A whole network timed: on a machine whose times are known, and on ONNX Runtime for real."""

import math
from pathlib import Path
from typing import ClassVar

import numpy as np
import pytest

from blackthorn.records import Device, NetworkTiming, Probe
from blackthorn.runners import CallTimes, LoadedProbe, Runner
from blackthorn.runners.network import ExecutedNode, LoadedNetwork, NetworkTimes, Shapes
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.timing import Timer, TimingPolicy
from blackthorn.truth import measure, timing_json
from tests.networks import light_networks
from tests.runners.makers import QUICK

KERNELS = (1e-3, 2e-3)
REFERENCE_SECONDS = 5e-4
CALL = 4e-3
"""Seconds of a call without the profiler, at full speed."""
PROFILER = 1e-3
"""Seconds that the profiler adds to a call."""
NODES = (ExecutedNode("a", "Conv", ("conv", "relu")), ExecutedNode("b", "MaxPool", ("pool",)))


class Machine(Runner):
    """A machine with a clock of its own that is slow for half of every `period` seconds."""

    name: ClassVar[str] = "machine"
    summary: ClassVar[str] = "a machine for tests"

    def __init__(self, slowness: float = 1.0, period: float = 0.4, *, drifts: bool = True) -> None:
        self.now = 0.0
        self.slowness = slowness
        self.period = period
        self.drifts = drifts
        self.network = Loaded(self)

    @classmethod
    def lacks(cls) -> str | None:
        return None

    def device(self) -> Device:
        return Device("machine-1t", "machine", "none", 1)

    def reference(self, layer: Probe | None = None) -> Probe | None:
        return Probe("reference", {}) if self.drifts else None

    def load(self, probe: Probe, *, profiled: bool = True) -> LoadedProbe:
        return Reference(self)

    def load_network(self, path: Path, input_shapes: Shapes) -> LoadedNetwork:
        return self.network

    def clock(self) -> float:
        return self.now

    def pace(self) -> float:
        return self.slowness if self.now % self.period > self.period / 2 else 1.0

    def spend(self, seconds: float) -> float:
        """Let so many seconds at full speed go by; how long it took."""
        taken = seconds * self.pace()
        self.now += taken
        return taken


class Reference(LoadedProbe):
    def __init__(self, machine: Machine) -> None:
        self.machine = machine

    def call(self) -> float:
        return self.machine.spend(REFERENCE_SECONDS)

    def finish(self) -> CallTimes:
        return CallTimes((), ())

    def close(self) -> None:
        pass


class Loaded(LoadedNetwork):
    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.order = ""
        self.kernels: list[list[float]] = []
        self.closed = False

    def call(self) -> float:
        self.order += "w"
        return self.machine.spend(CALL)

    def call_profiled(self) -> float:
        self.order += "p"
        pace = self.machine.pace()
        self.kernels.append([seconds * pace for seconds in KERNELS])
        return self.machine.spend(CALL + PROFILER)

    def finish(self) -> NetworkTimes:
        return NetworkTimes(NODES, np.array(self.kernels))

    def close(self) -> None:
        self.closed = True


def timed(machine: Machine, policy: TimingPolicy | None = None) -> NetworkTiming:
    with machine, Timer(machine, machine.reference(), policy) as timer:
        return measure(Path("net.onnx"), timer, {})


class SharedLoaded(Loaded):
    """A network; another process has the processor for half of every call but each fifth one."""

    def call(self) -> float:
        alone = super().call()
        return alone if self.order.count("w") % 5 == 0 else alone + self.machine.wait(alone)

    def call_profiled(self) -> float:
        alone = super().call_profiled()
        self.kernels[-1] = [2 * seconds for seconds in self.kernels[-1]]
        return alone + self.machine.wait(alone)


class SharedMachine(Machine):
    """A machine that says how much another process had of it."""

    name: ClassVar[str] = "shared machine"

    def __init__(self) -> None:
        super().__init__()
        self.network = SharedLoaded(self)
        self.waits = self.asked = 0.0

    def wait(self, seconds: float) -> float:
        self.now += seconds
        self.waits += seconds
        return seconds

    def waited(self) -> float:
        share = self.waits / (self.now - self.asked) if self.now > self.asked else 0.0
        self.waits, self.asked = 0.0, self.now
        return share


def test_calls_within_which_another_process_ran_do_not_count() -> None:
    timing = timed(SharedMachine(), TimingPolicy(most_seconds=2.0))
    assert timing.seconds == pytest.approx(CALL)
    assert [layer.seconds for layer in timing.layers] == pytest.approx(list(KERNELS))
    assert timing.grade == "settled"


def test_a_call_its_kernels_and_what_goes_by_between_them() -> None:
    timing = timed(Machine())
    assert timing.model == "net"
    assert timing.device == "machine-1t"
    assert timing.seconds == pytest.approx(CALL)
    assert [layer.seconds for layer in timing.layers] == pytest.approx(list(KERNELS))
    assert timing.layers[0].nodes == ("conv", "relu")
    assert timing.reference_seconds == pytest.approx(REFERENCE_SECONDS)
    assert timing.spread == pytest.approx(0.0, abs=1e-9)
    assert timing.grade == "settled"


def test_the_profiler_adds_nothing_to_the_latency_and_both_share_one_window() -> None:
    machine = Machine()
    timed(machine)
    alternating = machine.network.order.lstrip("w").lstrip("p")
    assert "ww" not in alternating
    assert "pp" not in alternating
    assert machine.network.closed


@pytest.mark.parametrize("slowness", [1.5, 2.0])
def test_a_machine_that_is_slow_at_times_gives_the_same(slowness: float) -> None:
    timing = timed(Machine(slowness))
    assert timing.reference_seconds is not None
    slow = timing.reference_seconds / REFERENCE_SECONDS
    assert timing.seconds == pytest.approx(CALL * slow, rel=0.01)
    assert timing.kernel_seconds == pytest.approx(sum(KERNELS) * slow, rel=0.01)


def test_references_of_classes_are_timed_in_the_same_window() -> None:
    machine = Machine()
    with machine, Timer(machine, machine.reference()) as timer:
        timing = measure(Path("net.onnx"), timer, {}, [Probe("class", {"size": 1}), Probe("class", {"size": 2})])
    assert timing.speeds == {
        "class fp32 size=1": pytest.approx(REFERENCE_SECONDS),
        "class fp32 size=2": pytest.approx(REFERENCE_SECONDS),
    }
    assert "www" not in machine.network.order


class OftenDisturbed(Loaded):
    """Two of three calls are disturbed in their middle, which no reference beside them can tell."""

    def call(self) -> float:
        seconds = super().call()
        return seconds if self.order.count("w") % 3 == 0 else seconds + self.machine.spend(0.3 * CALL)


def test_references_are_read_beside_the_calls_that_tell_the_latency() -> None:
    machine = Machine()
    machine.network = OftenDisturbed(machine)
    probe = Probe("class", {"size": 1})
    with machine, Timer(machine, machine.reference()) as timer:
        timing = measure(Path("net.onnx"), timer, {}, [probe])
    assert timing.seconds == pytest.approx(CALL)
    assert timing.speeds == {probe.key: pytest.approx(REFERENCE_SECONDS)}


class Interrupted(Loaded):
    """Every call is interrupted once, in another of its ten nodes each time; the profiler tells of it."""

    NUMBER: ClassVar[int] = 10
    INTERRUPTION: ClassVar[float] = 1e-3

    def call(self) -> float:
        return super().call() + self.machine.spend(self.INTERRUPTION)

    def call_profiled(self) -> float:
        super().call_profiled()
        self.kernels[-1] = [CALL / self.NUMBER] * self.NUMBER
        self.kernels[-1][len(self.kernels) % self.NUMBER] += self.INTERRUPTION
        return CALL + PROFILER + self.machine.spend(self.INTERRUPTION)

    def finish(self) -> NetworkTimes:
        nodes = tuple(ExecutedNode(f"n{place}", "Conv", (f"conv{place}",)) for place in range(self.NUMBER))
        return NetworkTimes(nodes, np.array(self.kernels))


def test_interruptions_belong_to_kernels_though_no_kernel_has_many() -> None:
    machine = Machine(drifts=False)
    machine.network = Interrupted(machine)
    timing = timed(machine)
    assert timing.seconds == pytest.approx(CALL + Interrupted.INTERRUPTION)
    assert timing.kernel_seconds == pytest.approx(timing.seconds)


def test_it_ends_when_the_time_is_over() -> None:
    machine = Machine(slowness=3.0, period=1e-3)
    timed(machine, TimingPolicy(most_seconds=0.5, stop_error=0.0))
    assert machine.now < 1.5


def test_without_a_reference_times_are_as_taken() -> None:
    timing = timed(Machine(drifts=False))
    assert timing.reference_seconds is None
    assert timing.seconds == pytest.approx(CALL)
    assert timing_json(timing)["reference_ms"] is None


def test_onnx_runtime_times_a_real_network() -> None:
    pytest.importorskip("onnxruntime")
    with OnnxRuntimeRunner() as runner, Timer(runner, runner.reference(), QUICK) as timer:
        timing = measure(light_networks()["light_squeezenet"], timer, {})
    assert timing.model == "light_squeezenet"
    assert timing.seconds > 0
    assert math.isfinite(timing.spread)
    assert all(layer.seconds > 0 for layer in timing.layers)
    assert sum(layer.operator == "Conv" for layer in timing.layers) >= 26
