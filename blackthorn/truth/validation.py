"""A prediction held against the same network, measured: as a whole, and layer by layer."""

import math
from collections import defaultdict
from collections.abc import Sequence

import msgspec

from blackthorn.errors import WrongDevice
from blackthorn.prediction import at_speeds
from blackthorn.records import Grade, Network, NetworkTiming, Prediction, Probe, TimedLayer
from blackthorn.truth.matching import matched


class LayerError(msgspec.Struct, frozen=True):
    """One layer; `measured` and `predicted` in seconds.

    `measured` is None where the runtime ran nothing for this layer: it was merged into another. `predicted` is None where no
    formula covers it.
    """

    name: str
    kind: str
    measured: float | None
    predicted: float | None

    @property
    def error(self) -> float | None:
        """(predicted - measured) / measured; None where one of them is missing."""
        if not self.measured or self.predicted is None:
            return None
        return self.predicted / self.measured - 1.0


class Validation(msgspec.Struct, frozen=True):
    """One network.

    Attributes:
        model: its name.
        device: the name of the device.
        measured: seconds of a call, end to end.
        kernels: seconds of all kernels in it; 0 where the runtime does not tell them.
        predicted: the sum of the layers that formulas cover and of what goes by between kernels, in seconds.
        grade: what to think of `measured`.
        layers: everything that was predicted or ran.
        predicted_between: what goes by between kernels as predicted, in seconds; 0 where the fitted model tells nothing of it.
        visit_errors: the error of every visit that this one stands for, in the order in which they were made; none where it is
            a visit by itself.
    """

    model: str
    device: str
    measured: float
    kernels: float
    predicted: float
    grade: Grade
    layers: tuple[LayerError, ...]
    predicted_between: float = 0.0
    visit_errors: tuple[float, ...] = ()

    @property
    def error(self) -> float:
        """(predicted - measured) / measured, end to end."""
        return self.predicted / self.measured - 1.0

    @property
    def errors(self) -> tuple[float, ...]:
        """The errors of all visits of the network, at least one."""
        return self.visit_errors or (self.error,)

    @property
    def tells_kernels(self) -> bool:
        """Whether it is known what the call is made of."""
        return self.kernels > 0.0

    @property
    def between_kernels(self) -> float:
        """Seconds of a call in which no kernel runs: the call itself, and the runtime's way from node to node."""
        return self.measured - self.kernels

    @property
    def coverage(self) -> float:
        """The share of the kernel time that goes to layers that formulas cover."""
        known = math.fsum(layer.measured or 0.0 for layer in self.layers if layer.predicted is not None)
        return known / self.kernels if self.kernels else 0.0


def check_same_device(predicted: str, timed: str) -> None:
    """Refuse to hold one device's prediction against another's timings.

    Raises:
        WrongDevice: the names differ.
    """
    if predicted != timed:
        raise WrongDevice(
            f"the fitted model is of {predicted}, but timings taken here are of {timed}",
            "validate a model on its own device, with as many --threads",
        )


def references_of(prediction: Prediction) -> list[Probe]:
    """The references of its layers, each once: what tells the speeds at which the prediction is to be stated."""
    probes = {layer.reference.probe.key: layer.reference.probe for layer in prediction.layers if layer.reference is not None}
    return list(probes.values())


def validate(network: Network, prediction: Prediction, timing: NetworkTiming) -> Validation:
    """Hold a prediction against a timing.

    A loop or branch is timed as one: what is predicted of the layers in it counts together.

    Args:
        network: what was predicted.
        prediction: its layers in the order of the network's; it is stated at the speeds of the timing.
        timing: of the same network.

    Raises:
        WrongDevice: they are of different devices.
    """
    check_same_device(prediction.device, timing.device)
    prediction = at_speeds(prediction, timing.speeds)
    seconds: dict[int, list[float]] = defaultdict(list)
    others: list[TimedLayer] = []
    for timed, index in matched(timing.layers, network.layers):
        if index is None:
            others.append(timed)
        else:
            seconds[index].append(timed.seconds)
    layers = [
        LayerError(layer.name, layer.kind, math.fsum(seconds[index]) if index in seconds else None, layer.seconds)
        for index, layer in enumerate(prediction.layers)
    ]
    untimed = {index: layer for index, layer in enumerate(layers) if index not in seconds}
    whole = [_as_one(timed, untimed) for timed in others]
    layers = [layer for index, layer in enumerate(layers) if index in seconds or index in untimed]
    return Validation(
        model=network.name,
        device=timing.device,
        measured=timing.seconds,
        kernels=timing.kernel_seconds,
        predicted=prediction.seconds,
        grade=timing.grade,
        layers=(*layers, *whole),
        predicted_between=prediction.seconds - prediction.layer_seconds,
    )


def middle_visit(visits: Sequence[Validation]) -> Validation:
    """Of one network's visits, at least one, that by which the prediction is neither longest nor shortest."""
    middle = sorted(visits, key=lambda visit: visit.error)[len(visits) // 2]
    return msgspec.structs.replace(middle, visit_errors=tuple(visit.error for visit in visits))


def _as_one(timed: TimedLayer, untimed: dict[int, LayerError]) -> LayerError:
    """What was timed of no layer; layers by the names of what is in it, a loop or branch, are taken out of `untimed`."""
    inside = [index for index, layer in untimed.items() if any(layer.name.startswith(f"{node}/") for node in timed.nodes)]
    predicted = [untimed.pop(index).predicted for index in inside]
    known = [seconds for seconds in predicted if seconds is not None]
    return LayerError(timed.name, timed.operator, timed.seconds, math.fsum(known) if known else None)
