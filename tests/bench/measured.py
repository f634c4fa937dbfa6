"""Figures measured on this machine, each against truth timed in the same run."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.typing import NDArray

from blackthorn.cli.sweep_plan import make_selector
from blackthorn.fitting import fit_device
from blackthorn.fitting.leaving_out import rmspe
from blackthorn.layers import Quantities, layer_kind
from blackthorn.onnx_graph import read_network
from blackthorn.prediction import at_speeds, predict
from blackthorn.records import FittedModel, LayerFormula, Measurement, Probe, Range, Sweep, merged_visits
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.storage import open_sweep
from blackthorn.sweeping import MOST_VISITS, SweepPlan, sweep
from blackthorn.timing import Timer
from blackthorn.truth import measure, network_policy, references_of
from tests.bench.tables import Row
from tests.networks import light_networks

Floats = NDArray[np.float64]

ALIGNED = Range(16, 1024, 16)
FEW = {"filters": Range(64, 512, 64), "channels": Range(64, 512, 64), "size": Range(7, 56, 7)}
MANY = {"filters": Range(64, 2048, 64), "channels": Range(64, 2048, 64), "size": Range(7, 56, 7)}
PLANS = (
    SweepPlan("conv2d", FEW, {"kernel": 3}, limit=45),
    SweepPlan("conv2d", MANY, {"kernel": 1}, limit=45),
    SweepPlan("conv2d", FEW, {"kernel": 3, "stride": 2}, limit=20),
    SweepPlan("conv2d", MANY, {"kernel": 1, "stride": 2}, limit=20),
    SweepPlan("conv2d", {"filters": Range(16, 64, 16)}, {"kernel": 7, "stride": 2, "channels": 3, "size": 224}, limit=4),
)
"""The kernels and strides of common networks over wide ranges; nothing is taken from the network that is predicted."""
FURTHER_VISITS, KNOWN_WITHIN = 4, 0.02
"""Visits more, at most, of a layer that is truth, and the relative error at which it needs none."""
NETWORK_SECONDS = 10.0
"""For how long the network is timed."""


def swept(plan: SweepPlan, timer: Timer) -> Sweep:
    """A sweep as the command takes it, in a folder that goes again."""
    header = plan.header(timer.runner.device(), timer.reference, "now", "bench")
    with TemporaryDirectory() as folder, open_sweep(Path(folder) / "sweep.jsonl", header) as file:
        sweep(plan, make_selector(plan), timer.measure, file)
        return Sweep(header, file.measurements)


class Visits:
    """Layers that are timed in passes over all of them, whatever else is timed between two passes.

    Args:
        probes: the layers.
        timer: on an open runner.
    """

    def __init__(self, probes: Sequence[Probe], timer: Timer) -> None:
        self._timer = timer
        self._visits: list[tuple[Probe, list[Measurement]]] = [(probe, []) for probe in probes]

    def pass_over_all(self) -> None:
        """One visit more of every layer."""
        for probe, visits in self._visits:
            visits.append(self._timer.measure(probe))

    def make_sure(self) -> None:
        """More visits of what is not known well: truth must be known better than a model."""
        speeds = [visit.reference_seconds for _, visits in self._visits for visit in visits]
        full_speed = min((speed for speed in speeds if speed is not None), default=None)
        for _ in range(FURTHER_VISITS):
            for probe, visits in self._visits:
                if merged_visits(visits).error_at_speed(full_speed) > KNOWN_WITHIN:
                    visits.append(self._timer.measure(probe))

    def measurements(self) -> list[Measurement]:
        """What the visits of each layer say."""
        return [merged_visits(visits) for _, visits in self._visits]


def timed(probes: Sequence[Probe], timer: Timer) -> list[Measurement]:
    """Each probe's time, from as many visits as a sweep's points have at most, with all others between them."""
    return _visited(probes, timer).measurements()


def timed_as_truth(probes: Sequence[Probe], timer: Timer) -> list[Measurement]:
    """As `timed`, with more visits of what is not known well."""
    visits = _visited(probes, timer)
    visits.make_sure()
    return visits.measurements()


def _visited(probes: Sequence[Probe], timer: Timer) -> Visits:
    """Probes after `MOST_VISITS` passes over all."""
    visits = Visits(probes, timer)
    for _ in range(MOST_VISITS):
        visits.pass_over_all()
    return visits


def relative_errors(layer: LayerFormula, truth: Sequence[Measurement]) -> Floats:
    """Signed relative errors of a formula at layers of its class that were timed, at the speed at which it is stated."""
    assert layer.reference is not None
    seconds = np.array([measurement.at_speed(layer.reference.seconds) for measurement in truth])
    quantities = Quantities(layer_kind(layer.layer), layer.precision, [measurement.probe.dimensions for measurement in truth])
    errors: Floats = layer.seconds(quantities) / seconds - 1.0
    return errors


def plane_swept() -> Iterator[Row]:
    """Figure 4: filters x aligned channels, then 100 random points."""
    plan = SweepPlan("conv2d", {"filters": Range(1, 1024), "channels": ALIGNED}, {"size": 32, "kernel": 3}, limit=60)
    with OnnxRuntimeRunner() as runner, Timer(runner, runner.reference(plan.usual())) as timer:
        model = fit_device([swept(plan, timer)], "now", "bench")
        rng = np.random.default_rng()
        tests = [{"filters": int(rng.integers(1, 1025)), "channels": int(rng.choice(ALIGNED.values()))} for _ in range(100)]
        truth = timed_as_truth([plan.probe_at(point) for point in tests], timer)
    (layer,) = model.layers
    relative = relative_errors(layer, truth)
    error = rmspe(relative)
    unsteady = sum(measurement.grade == "noisy" for measurement in truth)
    seen = f"{layer.points} points, RMSPE {error:.2f} %, median {100 * np.median(np.abs(relative)):.2f} %"
    text = f"{seen} ({unsteady} of the 100 noisy): {layer.text}"
    yield Row("4", "filters x channels swept here, 100 random points after", "<= 60 points, 5 %", text, error <= 5.0)


def network_predicted() -> Iterator[Row]:
    """Figure 5: ResNet-50's convolutions, predicted and timed in one run; and every convolution of nine networks attributed."""
    path = light_networks()["light_resnet50"]
    with OnnxRuntimeRunner() as runner:
        sweeps = []
        for plan in PLANS:
            with Timer(runner, runner.reference(plan.usual())) as timer:
                sweeps.append(swept(plan, timer))
        model = fit_device(sweeps, "now", "bench")
        prediction = predict(read_network(path), model)
        with Timer(runner, runner.reference(), network_policy(NETWORK_SECONDS)) as timer:
            timing = measure(path, timer, {}, references_of(prediction))
    operators = layer_kind("conv2d").operators
    measured = sum(layer.seconds for layer in timing.layers if layer.operator in operators)
    now = at_speeds(prediction, timing.speeds)
    predicted = sum(layer.seconds or 0.0 for layer in now.layers if layer.kind == "conv2d")
    error = 100.0 * (predicted / measured - 1.0)
    points = sum(len(sweep.measurements) for sweep in sweeps)
    text = f"predicted {1e3 * predicted:.2f} ms, timed {1e3 * measured:.2f} ms, {error:+.1f} % ({points} points)"
    yield Row("5", "ResNet-50's convolutions against their kernel times", "within 10 %", text, abs(error) <= 10.0)
    yield from every_convolution_attributed(light_networks(), model)


def every_convolution_attributed(networks: Mapping[str, Path], model: FittedModel) -> Iterator[Row]:
    """Figure 5: no convolution is unknown, and the same file gives the same answer twice."""
    for name, path in networks.items():
        once, twice = (predict(read_network(path), model) for _ in range(2))
        convolutions = [layer for layer in once.layers if layer.kind in ("conv2d", "Conv")]
        known = sum(layer.seconds is not None for layer in convolutions)
        text = f"{known} of {len(convolutions)}, {1e3 * once.seconds:.2f} ms"
        reached = known == len(convolutions) > 0 and once == twice
        yield Row("5", f"convolutions of {name} attributed, same answer twice", "all", text, reached)
