"""Whole networks: predicted, and measured on this machine."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import msgspec

from blackthorn.cli.timing_run import Asked, validated
from blackthorn.truth import Validation, middle_visit
from blackthorn.truth.figures import layer_mape, layer_rmspe, mean_error, worst_error
from tests.bench.tables import Row
from tests.bench.wild import NETWORKS, fetched
from tests.networks import light_networks

PASSES, SECONDS = 3, 8.0
"""How often each network is timed, all others in between, and how long each time. On a busy machine long calls are rarely left
in peace, and what uses memory changes within minutes: one network was off by 3 % at one time and by 21 % at another."""


class Targets(msgspec.Struct, frozen=True):
    """What predictions are to reach, as fractions; None where there is no target.

    Attributes:
        mean: of the networks' latencies.
        worst: of any one of them.
        layers: of layers, each counting as much as its time.
        coverage: share of a network's kernel time in layers with a formula, at least.
    """

    mean: float
    worst: float | None
    layers: float | None
    coverage: float


ONE_THREAD = Targets(mean=0.03, worst=0.06, layers=0.07, coverage=0.98)
MORE_THREADS = Targets(mean=0.07, worst=None, layers=None, coverage=0.98)
WILD = Targets(mean=0.10, worst=None, layers=None, coverage=0.95)
WILD_NAMES = (
    "text detector",
    "text recogniser",
    "captcha reader, LSTM",
    "captcha detector",
    "object detector (YOLOv8)",
    "speech, LSTM over a sequence",
)
"""Reading of text, seeing and speech; four of them leave shapes open. Chosen before any of them was timed."""


def networks_validated(threads: int = 1) -> Iterator[Row]:
    """The nine light networks by this machine's fitted model."""
    networks = list(light_networks().values())
    found = _validations(networks, Asked(threads=threads, seconds=SECONDS, visits=PASSES))
    yield from _rows("7" if threads == 1 else "13", found, ONE_THREAD if threads == 1 else MORE_THREADS)


def wild_networks_validated() -> Iterator[Row]:
    """Networks that people use, by a fitted model of this machine from the presets cnn, sequence and vision."""
    chosen = [network for network in NETWORKS if network.name in WILD_NAMES]
    passes: list[list[Validation]] = []
    for _ in range(PASSES):
        passes.append([])
        for network in chosen:
            shapes = [f"{name}={','.join(map(str, shape))}" for name, shape in network.input_shapes.items()]
            passes[-1] += _validations([fetched(network)], Asked(shapes=shapes, seconds=SECONDS))
    found = [middle_visit(visits) for visits in zip(*passes, strict=True)]
    yield from _rows("14", found, WILD)


def _validations(networks: Sequence[Path], asked: Asked) -> Sequence[Validation]:
    """Networks, predicted and measured in one window."""
    series = validated(networks, None, asked)
    if series.stopped is not None:
        raise series.stopped
    return series.validations


def _rows(figure: str, found: Sequence[Validation], targets: Targets) -> Iterator[Row]:
    for entry in found:
        seen = f"{1e3 * entry.predicted:.2f} of {1e3 * entry.measured:.2f} ms, {100 * entry.error:+.1f} %"
        aside = f"coverage {100 * entry.coverage:.1f} %, between kernels {1e3 * entry.between_kernels:.2f} ms, {entry.grade}"
        reached = entry.coverage >= targets.coverage and (targets.worst is None or abs(entry.error) <= targets.worst)
        worst = "" if targets.worst is None else f"<= {100 * targets.worst:.0f} %, "
        target = f"{worst}coverage >= {100 * targets.coverage:.0f} %"
        yield Row(figure, f"{entry.model}, predicted and measured", target, f"{seen}, {aside}", reached)
    mean, worst_seen = mean_error(found), worst_error(found)
    assert mean is not None
    assert worst_seen is not None
    seen = f"MAPE {100 * mean:.1f} %, worst {100 * worst_seen:.1f} %"
    yield Row(figure, "networks", f"MAPE <= {100 * targets.mean:.0f} %", seen, mean <= targets.mean)
    layers = [layer for entry in found for layer in entry.layers]
    weighted, unweighted = layer_mape(layers), layer_rmspe(layers)
    assert weighted is not None
    assert unweighted is not None
    aside = f"time-weighted MAPE {100 * weighted:.1f} %, RMSPE {100 * unweighted:.1f} %"
    target = "" if targets.layers is None else f"<= {100 * targets.layers:.0f} %"
    as_wanted = None if targets.layers is None else weighted <= targets.layers
    yield Row(figure, "layers that formulas cover", target, aside, as_wanted)
