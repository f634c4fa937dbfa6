"""Every runner ready to be made, each with a probe that it can time: what the laws run over."""

from collections.abc import Callable, Mapping

from blackthorn.formulas import Constant, Linear, Step
from blackthorn.layers import layer_kind
from blackthorn.records import Device, Measurement, Probe, Sweep, SweepHeader
from blackthorn.runners import Runner
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.runners.recorded import RecordedRunner
from blackthorn.runners.simulated import SimulatedRunner
from blackthorn.runners.tensorrt import TensorRtRtxRunner, TensorRtRunner
from blackthorn.runners.trtexec import TrtexecRunner
from blackthorn.timing import TimingPolicy

SMALL = layer_kind("conv2d").probe_at({"filters": 16, "channels": 8, "size": 8, "kernel": 3})
FORMULA = Step("filters", 16, base=Constant(1e-4), height=Linear("channels", Constant(1e-5), Constant(1e-6)))
QUICK = TimingPolicy(most_seconds=0.3)
"""For tests that do not ask how well it was measured."""
DEVICE = Device(name="board-runner-1t", runner="onnxruntime", hardware="a board", threads=1)


def conv2d(**dimensions: int) -> Probe:
    """The small probe with some dimensions changed."""
    return layer_kind("conv2d").probe_at({"filters": 16, "channels": 8, "size": 8, "kernel": 3, **dimensions})


def a_measurement(probe: Probe, seconds: float = 1e-3) -> Measurement:
    """A measurement as a file would hold it."""
    return Measurement(probe, seconds, 1.1 * seconds, 1.5e-4, 0.005, 40, "settled", "2024-01-01T00:00:00+00:00")


def a_sweep(*measurements: Measurement, device: Device = DEVICE) -> Sweep:
    """A sweep of conv2d that holds these."""
    header = SweepHeader(device, "conv2d", ("filters",), {}, "fp32", None, "2024-01-01T00:00:00+00:00", "tests")
    return Sweep(header, measurements)


MAKERS: Mapping[str, Callable[[], Runner]] = {
    "onnxruntime": OnnxRuntimeRunner,
    "recorded": lambda: RecordedRunner(a_sweep(a_measurement(SMALL))),
    "simulated": lambda: SimulatedRunner({"conv2d": FORMULA}, noise=0.02, jitter=0.01, drift=0.1),
    "tensorrt": TensorRtRunner,
    "tensorrt_rtx": TensorRtRtxRunner,
    "trtexec": TrtexecRunner,
}
