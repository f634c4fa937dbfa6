"""Whole networks: predicted, and measured on this machine."""

from collections.abc import Iterator

from blackthorn.cli.timing_run import Asked, validated
from blackthorn.truth.figures import layer_mape, layer_rmspe, mean_error, worst_error
from tests.bench.tables import Row
from tests.networks import light_networks

SECONDS = 20.0
"""How long each network is timed: on a busy machine, long calls are rarely left in peace."""
MEAN_ERROR, WORST_ERROR, LAYER_ERROR = 0.04, 0.09, 0.07
"""Of the networks' latencies, of any one of them, and of layers, each counting as much as its time; with one thread."""
LEAST_COVERAGE = 0.98
"""Share of a network's kernel time in layers with a formula."""


def networks_validated(device: str | None = None) -> Iterator[Row]:
    """The nine light networks by a fitted model of this machine.

    Args:
        device: the model's file, or the device's name; this machine's unless given.
    """
    series = validated(list(light_networks().values()), device, Asked(seconds=SECONDS))
    if series.stopped is not None:
        raise series.stopped
    found = series.validations
    mean, worst = mean_error(found), worst_error(found)
    assert mean is not None
    assert worst is not None
    for entry in found:
        seen = f"{1e3 * entry.predicted:.2f} of {1e3 * entry.measured:.2f} ms, {100 * entry.error:+.1f} %"
        aside = f"coverage {100 * entry.coverage:.1f} %, between kernels {1e3 * entry.between_kernels:.2f} ms, {entry.grade}"
        reached = abs(entry.error) <= WORST_ERROR and entry.coverage >= LEAST_COVERAGE
        target = f"<= {100 * WORST_ERROR:.0f} %, coverage >= {100 * LEAST_COVERAGE:.0f} %"
        yield Row("7", f"{entry.model}, predicted and measured", target, f"{seen}, {aside}", reached)
    seen = f"MAPE {100 * mean:.1f} %, worst {100 * worst:.1f} %"
    yield Row("7", "networks", f"MAPE <= {100 * MEAN_ERROR:.0f} %", seen, mean <= MEAN_ERROR)
    layers = [layer for entry in found for layer in entry.layers]
    weighted, unweighted = layer_mape(layers), layer_rmspe(layers)
    assert weighted is not None
    assert unweighted is not None
    seen = f"time-weighted MAPE {100 * weighted:.1f} %, RMSPE {100 * unweighted:.1f} %"
    yield Row("7", "layers that formulas cover", f"<= {100 * LAYER_ERROR:.0f} %", seen, weighted <= LAYER_ERROR)
