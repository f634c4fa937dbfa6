"""Networks as layers: what is predicted of them, and what they took."""

import math
from collections.abc import Mapping
from typing import Literal

import msgspec

from blackthorn.records.probes import Dimensions, Precision
from blackthorn.records.sweeps import Grade, Reference

PREDICTION_SCHEMA = 1
TIMING_SCHEMA = 1
VALIDATION_SCHEMA = 1

Source = Literal["fitted", "extrapolated", "unknown"]


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
