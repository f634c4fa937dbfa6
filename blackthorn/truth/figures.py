"""Validations in few figures: how far off predictions are, as wholes and layer by layer, and which kinds of layer are why."""

import math
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import msgspec

from blackthorn.truth.validation import LayerError, Validation


class KindShare(msgspec.Struct, frozen=True):
    """What one kind of layer adds to the error of networks; times in seconds, summed over all of them.

    `share` is (predicted - measured) over the end-to-end time of the networks; with `BETWEEN_KERNELS` the shares add up to
    the error of all of them together.
    """

    kind: str
    measured: float
    predicted: float
    share: float


SHORTEST = 2e-6
"""Seconds that a profiler can tell of a kernel: what it adds itself, 2 to 8 us, is known to a microsecond or two."""
BETWEEN_KERNELS = "between kernels"
"""Stands among the kinds for time in which none of them runs."""


def mean_error(validations: Sequence[Validation]) -> float | None:
    """The mean of the networks' absolute errors, as a fraction; None where there is no network."""
    return math.fsum(abs(entry.error) for entry in validations) / len(validations) if validations else None


def worst_error(validations: Iterable[Validation]) -> float | None:
    """The largest absolute error of a network, as a fraction; None where there is no network."""
    return max((abs(entry.error) for entry in validations), default=None)


def layer_mape(layers: Iterable[LayerError]) -> float | None:
    """The mean absolute error of layers, weighted by what they take: sum |predicted - measured| / sum measured.

    Layers that were not measured or not predicted do not count; None where no other is left.
    """
    pairs = list(_pairs(layers))
    total = math.fsum(measured for measured, _ in pairs)
    return math.fsum(abs(predicted - measured) for measured, predicted in pairs) / total if total else None


def layer_rmspe(layers: Iterable[LayerError]) -> float | None:
    """The root of the mean squared relative error of layers, each counted once; of which, as above.

    Layers shorter than `SHORTEST` are left out: relative errors of what nobody can time tell nothing.
    """
    errors = [predicted / measured - 1.0 for measured, predicted in _pairs(layers) if measured >= SHORTEST]
    return math.sqrt(math.fsum(error**2 for error in errors) / len(errors)) if errors else None


def _pairs(layers: Iterable[LayerError]) -> Iterator[tuple[float, float]]:
    """Measured and predicted seconds of the layers that have both."""
    return ((layer.measured, layer.predicted) for layer in layers if layer.measured and layer.predicted is not None)


def kind_shares(validations: Sequence[Validation]) -> list[KindShare]:
    """What each kind of layer adds to the error of networks together, the largest first; of those whose kernels are told."""
    told = [entry for entry in validations if entry.tells_kernels]
    total = math.fsum(entry.measured for entry in told)
    measured: dict[str, float] = defaultdict(float)
    predicted: dict[str, float] = defaultdict(float)
    for entry in told:
        measured[BETWEEN_KERNELS] += entry.between_kernels
        predicted[BETWEEN_KERNELS] += entry.predicted_between
        for layer in entry.layers:
            measured[layer.kind] += layer.measured or 0.0
            predicted[layer.kind] += layer.predicted or 0.0
    shares = [
        KindShare(kind, seconds, predicted[kind], (predicted[kind] - seconds) / total)
        for kind, seconds in measured.items()
        if seconds or predicted[kind]
    ]
    return sorted(shares, key=lambda share: -abs(share.share))
