"""Validations for people: every network, what each kind of layer adds to the error, and every layer where wanted."""

from collections.abc import Iterator, Sequence

from blackthorn.cli.prediction_table import LONGEST_NAME
from blackthorn.cli.tables import percent, shortened, signed_percent, table
from blackthorn.truth import LayerError, Validation
from blackthorn.truth.figures import kind_shares, layer_mape, layer_rmspe, mean_error, worst_error
from blackthorn.units import milliseconds, readable_time

MERGED, UNKNOWN, NOTHING = "merged", "unknown", ""
"""Stand for a time that was not measured, one that was not predicted, and an error without both."""


def validation_lines(validations: Sequence[Validation], *, by_layer: bool) -> Iterator[str]:
    """Everything about networks that were validated on one device.

    Args:
        validations: at least one.
        by_layer: list the layers, too.
    """
    yield f"on {validations[0].device}"
    for entry in validations if by_layer else ():
        yield ""
        yield from _layer_table(entry)
    yield ""
    yield from _kind_table(validations)
    yield ""
    yield from _network_table(validations)
    yield ""
    yield from _summary(validations)


def _network_table(validations: Sequence[Validation]) -> Iterator[str]:
    rows = [
        (
            shortened(entry.model, LONGEST_NAME),
            readable_time(entry.measured),
            readable_time(entry.predicted),
            signed_percent(entry.error),
            percent(entry.coverage),
            entry.grade,
        )
        for entry in validations
    ]
    yield from table(("network", "measured", "predicted", "error", "coverage", "timing"), rows, right=(1, 2, 3, 4))


def _kind_table(validations: Sequence[Validation]) -> Iterator[str]:
    """Plain milliseconds, which may be below nothing between kernels, where noise is larger than what goes by there."""
    rows = [
        (share.kind, f"{milliseconds(share.measured):.3f}", f"{milliseconds(share.predicted):.3f}", signed_percent(share.share))
        for share in kind_shares(validations)
    ]
    yield from table(("kind", "measured ms", "predicted ms", "share of error"), rows, right=(1, 2, 3))


def _layer_table(entry: Validation) -> Iterator[str]:
    rows = [_layer_row(layer) for layer in entry.layers]
    yield from table((f"layer of {entry.model}", "kind", "measured", "predicted", "error"), rows, right=(2, 3, 4))


def _layer_row(layer: LayerError) -> tuple[str, ...]:
    measured = MERGED if layer.measured is None else readable_time(layer.measured)
    predicted = UNKNOWN if layer.predicted is None else readable_time(layer.predicted)
    error = NOTHING if layer.error is None else signed_percent(layer.error)
    return (shortened(layer.name, LONGEST_NAME), layer.kind, measured, predicted, error)


def _summary(validations: Sequence[Validation]) -> Iterator[str]:
    yield f"networks: mean absolute error {percent(mean_error(validations))}, worst {percent(worst_error(validations))}"
    every = [layer for entry in validations for layer in entry.layers]
    weighted, unweighted = layer_mape(every), layer_rmspe(every)
    if weighted is not None and unweighted is not None:
        yield f"layers: mean absolute error {percent(weighted)} of their time, RMSPE {percent(unweighted)} of each alike"
