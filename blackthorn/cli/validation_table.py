"""Validations for people: every network, what each kind of layer adds to the error, and every layer where wanted."""

from collections.abc import Iterator, Sequence

from blackthorn.cli.layer_table import LONGEST_NAME
from blackthorn.cli.tables import percent, shortened, signed_percent, table
from blackthorn.cli.timing_table import signed_time
from blackthorn.truth import LayerError, Series, Validation
from blackthorn.truth.figures import BETWEEN_KERNELS, kind_shares, layer_mape, layer_rmspe, mean_error, worst_error
from blackthorn.units import milliseconds, readable_time

MERGED, UNKNOWN, NOTHING, UNTOLD = "merged", "unknown", "", "-"
"""Stand for a time that was not measured, one that was not predicted, an error without both, and what no profile tells."""


def validation_lines(series: Series, *, by_layer: bool) -> Iterator[str]:
    """Everything about networks that were validated on one device.

    Args:
        series: what came of them, at least one validation among it.
        by_layer: list the layers, too.
    """
    validations = series.validations
    yield f"on {validations[0].device}"
    for entry in validations if by_layer else ():
        yield ""
        yield from _layer_table(entry)
    yield ""
    if any(entry.tells_kernels for entry in validations):
        yield from _kind_table(validations)
        yield ""
    yield from _network_table(validations)
    yield ""
    yield from _summary(series)


def _network_table(validations: Sequence[Validation]) -> Iterator[str]:
    several = any(len(entry.errors) > 1 for entry in validations)
    rows = [
        (
            shortened(entry.model, LONGEST_NAME),
            readable_time(entry.measured),
            readable_time(entry.kernels) if entry.tells_kernels else UNTOLD,
            signed_time(entry.between_kernels) if entry.tells_kernels else UNTOLD,
            readable_time(entry.predicted),
            signed_percent(entry.error),
            *([_range(entry.errors)] if several else []),
            percent(entry.coverage) if entry.tells_kernels else UNTOLD,
            entry.grade,
        )
        for entry in validations
    ]
    of_visits = ("of visits",) if several else ()
    titles = ("network", "measured", "kernels", BETWEEN_KERNELS, "predicted", "error", *of_visits, "coverage", "timing")
    yield from table(titles, rows, right=range(1, len(titles) - 1))


def _range(errors: Sequence[float]) -> str:
    """The least and the largest of a network's errors."""
    return f"{signed_percent(min(errors))} to {signed_percent(max(errors))}"


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


def _summary(series: Series) -> Iterator[str]:
    mean, worst = mean_error(series.validations), worst_error(series.validations)
    if mean is not None and worst is not None:
        yield f"networks: mean absolute error {percent(mean)}, worst {percent(worst)}{_missing(series)}"
    every = [layer for entry in series.validations for layer in entry.layers]
    weighted, unweighted = layer_mape(every), layer_rmspe(every)
    if weighted is not None and unweighted is not None:
        yield f"layers: mean absolute error {percent(weighted)} of their time, RMSPE {percent(unweighted)} of each alike"


def _missing(series: Series) -> str:
    """Which networks the figures leave out, if any."""
    counts = {"could not be run": len(series.failures), "left untimed": series.not_reached}
    reasons = ", ".join(f"{count} {what}" for what, count in counts.items() if count)
    return f"; {len(series.validations)} of {series.planned}: {reasons}" if reasons else ""
