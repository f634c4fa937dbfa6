"""Whole networks: predicted, and measured on this machine."""

from collections.abc import Iterator

from blackthorn.cli.timing_run import validated
from blackthorn.truth.figures import layer_mape, layer_rmspe, mean_error, worst_error
from tests.bench.tables import Row
from tests.networks import light_networks

SECONDS = 8.0
"""How long each network is timed."""


def networks_validated(device: str | None = None) -> Iterator[Row]:
    """The nine light networks by a fitted model of this machine.

    Args:
        device: the model's file, or the device's name; this machine's unless given.
    """
    series = validated(list(light_networks().values()), device, 1, None, (), SECONDS)
    if series.stopped is not None:
        raise series.stopped
    found = series.validations
    mean, worst = mean_error(found), worst_error(found)
    assert mean is not None
    assert worst is not None
    for entry in found:
        seen = f"{1e3 * entry.predicted:.2f} of {1e3 * entry.measured:.2f} ms, {100 * entry.error:+.1f} %"
        aside = f"coverage {100 * entry.coverage:.1f} %, between kernels {1e3 * entry.between_kernels:.2f} ms"
        yield Row("7", f"{entry.model}, predicted and measured", "-", f"{seen}, {aside}", None)
    yield Row("7", "networks", "-", f"MAPE {100 * mean:.1f} %, worst {100 * worst:.1f} %", None)
    layers = [layer for entry in found for layer in entry.layers]
    weighted, unweighted = layer_mape(layers), layer_rmspe(layers)
    assert weighted is not None
    assert unweighted is not None
    seen = f"time-weighted MAPE {100 * weighted:.1f} %, RMSPE {100 * unweighted:.1f} %"
    yield Row("7", "layers that formulas cover", "-", seen, None)
