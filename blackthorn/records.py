"""The values that flow through blackthorn: frozen, typed, in seconds, and as they stand in files.

A `Probe` is one layer at one point; measuring it on a `Device` gives a `Measurement`; many of them under one `SweepHeader`
are a `Sweep`; fitting gives a `FittedModel`; that and a `Network` give a `Prediction`. A whole network that is measured gives
a `NetworkTiming`, which a prediction is held against.
"""

import math
from collections import defaultdict
from collections.abc import Mapping
from functools import cached_property
from typing import Literal

import msgspec
import numpy as np

from blackthorn.formulas import Correction, Formula, Point, Values, within_knots

SWEEP_SCHEMA = 3
MODEL_SCHEMA = 5
PREDICTION_SCHEMA = 1
PRESET_SCHEMA = 1
TIMING_SCHEMA = 1
VALIDATION_SCHEMA = 1

Precision = Literal["fp32", "fp16"]
Grade = Literal["settled", "drifting", "noisy", "throttled"]
Source = Literal["fitted", "extrapolated", "unknown"]
Dimensions = dict[str, int]


class Range(msgspec.Struct, frozen=True):
    """The whole numbers low, low + step, ... up to and including high."""

    low: int
    high: int
    step: int = 1

    def values(self) -> range:
        """Every number of the range, in order."""
        return range(self.low, self.high + 1, self.step)

    def __str__(self) -> str:
        return f"{self.low}:{self.high}" + (f":{self.step}" if self.step != 1 else "")


class Probe(msgspec.Struct, frozen=True):
    """One layer of one kind at one point.

    `dimensions` is complete (every dimension of the kind that has no default that follows another one) and ordered by the
    kind; `key` names the point in one line.
    """

    layer: str
    dimensions: Dimensions
    precision: Precision = "fp32"

    @property
    def key(self) -> str:
        """A text that two probes share exactly when they are the same point."""
        return " ".join([self.layer, self.precision, *(f"{name}={value}" for name, value in sorted(self.dimensions.items()))])


class Reference(msgspec.Struct, frozen=True):
    """A layer that tells how fast the machine is for layers like it, and what it takes at the speed that times are stated at.

    Machines change speed while they are measured, and not for all layers alike: while a neighbour on a shared computer took
    turns at the same core, convolutions took 1.4 times as long, and layers that wait for memory or for a long chain of
    operations 1.1 times. So layers are timed beside one of their own class.

    Attributes:
        probe: the layer.
        seconds: what it takes at that speed.
    """

    probe: Probe
    seconds: float


class Device(msgspec.Struct, frozen=True):
    """What the timings were taken on.

    `name` identifies it: timings whose device names differ are never mixed. Hardware, runner and threads are part of it;
    versions and details (clocks, governor, caches) are recorded beside it.
    """

    name: str
    runner: str
    hardware: str
    threads: int
    affinity: tuple[int, ...] = ()
    versions: dict[str, str] = {}
    details: dict[str, str] = {}


class Measurement(msgspec.Struct, frozen=True):
    """One probe, timed.

    Attributes:
        probe: what was timed.
        seconds: kernel time of one layer as timed, in seconds, not corrected for drift.
        wall_seconds: wall time of one layer in seconds, the call's overhead taken off.
        reference_seconds: what the reference probe took around it, in seconds; None on a device that does not drift.
        relative_error: standard error of `seconds` over `reference_seconds`, as a fraction.
        calls: timed calls behind the figures.
        grade: settled; drifting (the reference moved during the measurement); noisy (the target error was not reached);
            throttled (the device slowed down to protect itself, from heat for one).
        taken_at: UTC time, ISO 8601.
    """

    probe: Probe
    seconds: float
    wall_seconds: float
    reference_seconds: float | None
    relative_error: float
    calls: int
    grade: Grade
    taken_at: str

    def at_speed(self, nominal: float | None) -> float:
        """Seconds at the machine speed at which the reference probe takes `nominal` seconds.

        Machines change speed while they are measured (two states 19 % apart were seen within minutes); the ratio to a
        reference of the same class timed just before and after does not.
        """
        if nominal is None or self.reference_seconds is None:
            return self.seconds
        return self.seconds * nominal / self.reference_seconds


class SweepHeader(msgspec.Struct, frozen=True):
    """First line of a sweep file: what every measurement below it shares.

    `axes` are the swept dimensions by name, outermost last; `fixed` are the dimensions held at one value. `reference` is the
    layer that was timed around every point; None on a device that does not drift, and where other tools took the timings.
    """

    device: Device
    layer: str
    axes: tuple[str, ...]
    fixed: Dimensions
    precision: Precision
    reference: Probe | None
    created_at: str
    made_by: str
    schema: int = SWEEP_SCHEMA
    unit: Literal["s"] = "s"


class Sweep(msgspec.Struct, frozen=True):
    """A sweep file as read: its header and its measurements in the order in which they were taken."""

    header: SweepHeader
    measurements: tuple[Measurement, ...]


class PlannedSweep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One sweep of a preset: what moves how far, what is held, the most points it may take, and the largest layer."""

    layer: str
    axes: dict[str, Range]
    points: int
    fixed: Dimensions = {}
    precision: Precision = "fp32"
    most_macs: int | None = None


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Sweeps that together characterise a device, the most worthwhile first.

    Attributes:
        name: what `--preset` calls it.
        summary: what it covers, in a line.
        minutes: what it takes at most on a device of usual speed, building the probes included.
        sweeps: in the order in which they are made.
    """

    name: str
    summary: str
    minutes: float
    sweeps: tuple[PlannedSweep, ...]
    schema: int = PRESET_SCHEMA

    @property
    def points(self) -> int:
        """The most points of all sweeps together."""
        return sum(planned.points for planned in self.sweeps)


SHORTEST = 1e-12
"""Stands in for seconds that are zero where something is divided by them."""
BYTES_MOVED = "bytes_moved"
"""What a formula may speak of beside dimensions: bytes of input, weights and output together, by which caches take a layer."""


class LayerFormula(msgspec.Struct, frozen=True, dict=True):
    """How long layers of one class take.

    Attributes:
        layer: the layer kind.
        precision: the number format of weights and activations.
        fixed: dimensions that every measured point shared; a layer belongs to the class when it shares them too.
        ranges: smallest and largest measured value of every other dimension.
        formula: seconds over the dimensions in `ranges`, and the bytes that a layer moves.
        text: the formula in clear, in milliseconds.
        points: measured points it was fitted to.
        rmspe: root mean square relative error at those points, in percent.
        rmspe_cross_validated: the same at points left out of the fit, in percent.
        residuals: signed relative errors at points left out of the fit, (predicted - measured) / measured.
        reference: the layer beside which they were timed, and what it takes at the speed at which the formula is stated.
        correction: a factor near measured points, where left-out errors are smaller with it; all errors here are then those of
            formula and correction together.
    """

    layer: str
    precision: Precision
    fixed: Dimensions
    ranges: dict[str, tuple[int, int]]
    formula: Formula
    text: str
    points: int
    rmspe: float
    rmspe_cross_validated: float
    residuals: tuple[float, ...]
    reference: Reference | None = None
    correction: Correction | None = None

    @cached_property
    def spans(self) -> dict[str, tuple[int, int]]:
        """Least and largest value of every dimension: of a fixed one, twice the same."""
        return {**self.ranges, **{name: (value, value) for name, value in self.fixed.items()}}

    @cached_property
    def within_caches(self) -> Formula | None:
        """The formula without what comes from beyond caches; None where it knows of none."""
        within = within_knots(self.formula)
        return None if within == self.formula else within

    def seconds(self, point: Point) -> Values:
        """What layers at points take, corrected, shape (n,).

        Args:
            point: dimensions, and the bytes that layers move, as arrays of shape (n,).

        Raises:
            KeyError: the formula speaks of a dimension that is not there.
        """
        return self._corrected(self.formula.evaluate(point), point)

    def _corrected(self, seconds: Values, point: Point) -> Values:
        return seconds if self.correction is None else seconds * self.correction.factor(point)

    def streamed(self, point: Point) -> tuple[Values, Values | float]:
        """`seconds`, and the share of them that comes from beyond caches, 0 to 1: shape (n,), or one number where none does."""
        seconds = self.formula.evaluate(point)
        corrected = self._corrected(seconds, point)
        if self.within_caches is None:
            return corrected, 0.0
        shares: Values = np.clip(1.0 - self.within_caches.evaluate(point) / np.maximum(seconds, SHORTEST), 0.0, 1.0)
        return corrected, shares


class FittedModel(msgspec.Struct, frozen=True, dict=True):
    """A device as formulas."""

    device: Device
    layers: tuple[LayerFormula, ...]
    created_at: str
    made_by: str
    schema: int = MODEL_SCHEMA
    unit: Literal["s"] = "s"

    @cached_property
    def classes(self) -> dict[tuple[str, Precision], tuple[LayerFormula, ...]]:
        """The formulas of every layer kind and precision, those of most points first."""
        groups: dict[tuple[str, Precision], list[LayerFormula]] = defaultdict(list)
        for formula in sorted(self.layers, key=lambda formula: -formula.points):
            groups[formula.layer, formula.precision].append(formula)
        return {key: tuple(formulas) for key, formulas in groups.items()}

    def formulas_only(self) -> "FittedModel":
        """The model without any correction."""
        bare = tuple(msgspec.structs.replace(group, correction=None) for group in self.layers)
        return msgspec.structs.replace(self, layers=bare)


class OnnxNode(msgspec.Struct, frozen=True):
    """One node of a network with the shapes of what goes in and out; None where a shape is not known.

    `attributes` holds whole numbers, fractions, texts and lists of them; tensors and subgraphs are left out. `constant` says
    of each input whether it is the same in every run: a weight, or something made of weights alone. `elements` tells the
    element type of each input as numpy names it (float32, int64, uint8, bool), empty where it is not known.
    """

    name: str
    op_type: str
    inputs: tuple[tuple[int, ...] | None, ...]
    outputs: tuple[tuple[int, ...] | None, ...]
    attributes: Mapping[str, object]
    constant: tuple[bool, ...] = ()
    elements: tuple[str, ...] = ()


class NetworkLayer(msgspec.Struct, frozen=True):
    """What a runtime runs in one go, as a layer kind reads it; `kind` and `dimensions` are None where no kind does.

    `nodes` are the names of the ONNX nodes that became this layer, the one that it is named after first; none where the
    runtime put it in by itself (a change of layout). `times` is how often it runs in a call of the network: more than once in
    a loop, 0 times in a branch that is not counted; `macs` are the multiply-accumulates of all these times.
    """

    name: str
    op_type: str
    kind: str | None
    dimensions: Dimensions | None
    macs: int
    precision: Precision = "fp32"
    nodes: tuple[str, ...] = ()
    times: int = 1


class Network(msgspec.Struct, frozen=True):
    """A network as a list of layers, in the order in which they run."""

    name: str
    layers: tuple[NetworkLayer, ...]


class LayerPrediction(msgspec.Struct, frozen=True):
    """One layer's share of a prediction; `seconds` is None exactly where `source` is unknown.

    `seconds` and `macs` are those of all the `times` that it runs in a call of the network. `reference` tells the machine speed
    at which they are stated; `streamed` is the share of the time that comes from beyond caches, which does not answer to it.
    """

    name: str
    kind: str
    seconds: float | None
    source: Source
    dimensions: Dimensions | None
    macs: int
    times: int = 1
    reference: Reference | None = None
    streamed: float = 0.0


class Coverage(msgspec.Struct, frozen=True):
    """How far a prediction can be trusted.

    `fitted` and `extrapolated` are shares of the predicted time; `unknown` is the share of the network's multiply-accumulates
    in layers that no formula covers.
    """

    fitted: float
    extrapolated: float
    unknown: float


class Prediction(msgspec.Struct, frozen=True):
    """How long a network takes on a device.

    Attributes:
        model: the network's name.
        device: the device's name.
        seconds: the sum over the layers that are known, and what goes by between kernels.
        coverage: how far that can be trusted.
        layers: in the order of the network's.
        between_kernels: the call and the runtime's way from node to node; None where the fitted model tells nothing of it.
    """

    model: str
    device: str
    seconds: float
    coverage: Coverage
    layers: tuple[LayerPrediction, ...]
    between_kernels: LayerPrediction | None = None

    @property
    def layer_seconds(self) -> float:
        """The sum over the layers that are known, and nothing else."""
        return math.fsum(layer.seconds for layer in self.layers if layer.seconds is not None)


class TimedLayer(msgspec.Struct, frozen=True):
    """What a runtime ran in one go: its kernel time in seconds, and the ONNX nodes that became it.

    `operator` is the runtime's own name of the kernel. `nodes` is empty where the runtime put it in by itself (a change of
    layout).
    """

    name: str
    operator: str
    nodes: tuple[str, ...]
    seconds: float


class Transfers(msgspec.Struct, frozen=True):
    """What all inputs take on their way into a device's own memory, and all results back, in seconds."""

    to_device: float
    to_host: float


class NetworkTiming(msgspec.Struct, frozen=True):
    """A whole network, measured.

    Attributes:
        model: the network's name.
        device: the name of the device that it ran on.
        seconds: median wall time of an undisturbed call, end to end, in seconds.
        spread: interquartile range of the wall times over their median, disturbed calls among them.
        grade: as of a `Measurement`, of the wall time.
        reference_seconds: what the reference probe took around the calls, in seconds; None on a device that does not drift.
        calls: timed calls behind the wall time.
        layers: what ran, in order, with kernel times from the runtime's profiler; none where that tells none.
        speeds: what the references of layer classes took in the same window, in seconds, by the keys of their probes.
        transfers: no part of the call; None where a device has no memory of its own, or nobody tells.
    """

    model: str
    device: str
    seconds: float
    spread: float
    grade: Grade
    reference_seconds: float | None
    calls: int
    layers: tuple[TimedLayer, ...]
    speeds: dict[str, float] = {}
    transfers: Transfers | None = None

    @property
    def kernel_seconds(self) -> float:
        """All kernels together; what the wall time has beyond it goes by between them."""
        return math.fsum(layer.seconds for layer in self.layers)
