"""A prediction for people: the layers with a latency, what is unknown, the total, and how far to trust it."""

import math
from collections import defaultdict
from collections.abc import Iterator, Sequence

from blackthorn.cli.dimension_text import dimension_text
from blackthorn.cli.tables import percent, shortened, table
from blackthorn.records import LayerPrediction, Prediction
from blackthorn.units import readable_time

LONGEST_NAME = 40
"""Characters of a layer's name in the table; exporters write paths of modules, of which both ends tell most."""


def prediction_lines(prediction: Prediction, top: int | None = None) -> Iterator[str]:
    """The whole prediction.

    Args:
        prediction: what to print.
        top: only so many layers, the slowest first; None for all in the order in which they run.
    """
    yield f"{prediction.model} on {prediction.device}"
    yield ""
    known = [layer for layer in prediction.layers if layer.seconds is not None]
    if known:
        yield from _layer_table(known, prediction.seconds, top)
        yield ""
    yield from _unknown_lines(prediction)
    yield from _total_lines(prediction, len(known))


def _layer_table(known: Sequence[LayerPrediction], total: float, top: int | None) -> Iterator[str]:
    slowest_first = sorted(known, key=lambda layer: -(layer.seconds or 0.0))
    shown = known if top is None else slowest_first[:top]
    titles = ("layer", "kind", "dimensions", "latency", "share", "source")
    yield from table(titles, [_row(layer, total) for layer in shown], right=(3, 4))
    if len(shown) < len(known):
        yield f"... and {len(known) - len(shown)} faster layers"


def _row(layer: LayerPrediction, total: float) -> tuple[str, ...]:
    name, seconds = shortened(layer.name, LONGEST_NAME), layer.seconds or 0.0
    dimensions = dimension_text(layer.kind, layer.dimensions or {})
    return (name, layer.kind, dimensions, readable_time(seconds), percent(seconds / (total or 1.0)), layer.source)


def _unknown_lines(prediction: Prediction) -> Iterator[str]:
    """What no formula covers, by operator, most work first."""
    groups: dict[str, list[LayerPrediction]] = defaultdict(list)
    for layer in prediction.layers:
        if layer.source == "unknown":
            groups[layer.kind].append(layer)
    if not groups:
        return
    work = math.fsum(layer.macs for layer in prediction.layers) or 1.0
    macs = {kind: sum(layer.macs for layer in layers) for kind, layers in groups.items()}
    ordered = sorted(groups, key=lambda kind: (-macs[kind], -len(groups[kind]), kind))
    rows = [(kind, str(len(groups[kind])), percent(macs[kind] / work)) for kind in ordered]
    yield from table(("unknown", "layers", "of all MACs"), rows, right=(1, 2))
    yield ""


def _total_lines(prediction: Prediction, known: int) -> Iterator[str]:
    coverage, unknown = prediction.coverage, len(prediction.layers) - known
    yield f"total {readable_time(prediction.seconds)} over {known} of {len(prediction.layers)} layers"
    yield f"coverage: {percent(coverage.fitted)} of this time fitted, {percent(coverage.extrapolated)} extrapolated"
    if unknown:
        layers = "layer that no formula covers" if unknown == 1 else "layers that no formula covers"
        yield f"the total leaves out {unknown} {layers}, with {percent(coverage.unknown)} of the MACs"
    yield "what goes by between layers is not in it; 'blackthorn measure' times that on the device"
