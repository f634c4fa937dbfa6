"""A prediction for people: the layers with a latency, what is unknown, the total, and how far to trust it."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from blackthorn.cli.dimension_text import dimension_text
from blackthorn.cli.layer_table import LayerRow, layer_table
from blackthorn.cli.tables import percent, table
from blackthorn.records import LayerPrediction, Prediction
from blackthorn.units import readable_time

TITLES = ("layer", "kind", "dimensions", "latency", "share", "source")
LOOPS = frozenset(("Loop", "Scan"))


def prediction_lines(prediction: Prediction, top: int | None = None) -> Iterator[str]:
    """The whole prediction.

    Args:
        prediction: what to print.
        top: only so many layers, the slowest first; None for all in the order in which they run.
    """
    yield f"{prediction.model} on {prediction.device}"
    yield ""
    counted = [layer for layer in prediction.layers if layer.times]
    known = list(_known_rows(counted))
    if known:
        yield from layer_table(TITLES, known, prediction.seconds, top)
        yield ""
    yield from _unknown_lines(counted)
    yield from _total_lines(prediction, len(known), len(counted))


def _known_rows(layers: Sequence[LayerPrediction]) -> Iterator[LayerRow]:
    for layer in layers:
        if layer.seconds is not None:
            dimensions = dimension_text(layer.kind, layer.dimensions or {})
            kind = layer.kind if layer.times == 1 else f"{layer.times} x {layer.kind}"
            yield LayerRow(layer.name, (kind, dimensions), layer.seconds, (layer.source,))


def _unknown_lines(layers: Sequence[LayerPrediction]) -> Iterator[str]:
    """What no formula covers, by operator, most work first."""
    groups: dict[str, list[LayerPrediction]] = defaultdict(list)
    for layer in layers:
        if layer.source == "unknown":
            groups[layer.kind].append(layer)
    if not groups:
        return
    work = math.fsum(layer.macs for layer in layers) or 1.0
    macs = {kind: sum(layer.macs for layer in layers) for kind, layers in groups.items()}
    ordered = sorted(groups, key=lambda kind: (-macs[kind], -len(groups[kind]), kind))
    rows = [(kind, str(len(groups[kind])), percent(macs[kind] / work)) for kind in ordered]
    yield from table(("unknown", "layers", "of all MACs"), rows, right=(1, 2))
    if not LOOPS.isdisjoint(groups):
        yield "how often the body of a loop listed here runs is decided by data; its MACs are those of one pass"
    yield ""


def _total_lines(prediction: Prediction, known: int, counted: int) -> Iterator[str]:
    coverage, unknown, idle = prediction.coverage, counted - known, len(prediction.layers) - counted
    yield f"total {readable_time(prediction.seconds)} over {known} of {counted} layers"
    yield f"coverage: {percent(coverage.fitted)} of this time fitted, {percent(coverage.extrapolated)} extrapolated"
    if unknown:
        layers = "layer that no formula covers" if unknown == 1 else "layers that no formula covers"
        yield f"the total leaves out {unknown} {layers}, with {percent(coverage.unknown)} of the MACs"
    if idle:
        yield f"of branches that data choose between, the one with most work is counted, and {idle} layers of others are not"
    between = prediction.between_kernels
    if between is None or between.seconds is None:
        yield "what goes by between kernels is not in it; sweep the kind 'dispatch' to have that predicted, too"
    else:
        yield f"between kernels: {readable_time(between.seconds)} of it ({between.source})"
