"""A timed network for people: what ran and how long, what goes by between kernels, and a call as a whole."""

import math
from collections.abc import Iterator

from blackthorn.cli.prediction_table import LONGEST_NAME
from blackthorn.cli.tables import percent, shortened, table
from blackthorn.records import NetworkTiming, TimedLayer
from blackthorn.units import readable_time

LONGEST_LIST = 48
"""Characters of the list of nodes that became a layer."""


def timing_lines(timing: NetworkTiming, top: int | None = None) -> Iterator[str]:
    """The whole timing.

    Args:
        timing: what to print.
        top: only so many layers, the slowest first; None for all in the order in which they run.
    """
    yield f"{timing.model} on {timing.device}"
    yield ""
    yield from _layer_table(timing, top)
    yield ""
    between = timing.seconds - timing.kernel_seconds
    yield f"kernels: {readable_time(timing.kernel_seconds)} in {len(timing.layers)} layers"
    yield from _put_in_lines(timing)
    yield f"between kernels: {signed_time(between)}"
    yield f"end to end: {readable_time(timing.seconds)}, spread {percent(timing.spread)}, {timing.grade}, {timing.calls} calls"


def _layer_table(timing: NetworkTiming, top: int | None) -> Iterator[str]:
    shown = timing.layers if top is None else sorted(timing.layers, key=lambda layer: -layer.seconds)[:top]
    rows = [_row(layer, timing.kernel_seconds) for layer in shown]
    yield from table(("layer", "operator", "made of", "latency", "share"), rows, right=(3, 4))
    if len(shown) < len(timing.layers):
        yield f"... and {len(timing.layers) - len(shown)} faster layers"


def _row(layer: TimedLayer, total: float) -> tuple[str, ...]:
    nodes = shortened(" ".join(layer.nodes), LONGEST_LIST)
    share = percent(layer.seconds / (total or 1.0))
    return (shortened(layer.name, LONGEST_NAME), layer.operator, nodes, readable_time(layer.seconds), share)


def _put_in_lines(timing: NetworkTiming) -> Iterator[str]:
    """What the runtime runs beyond the network, such as changes of layout; it is among the kernels."""
    put_in = [layer for layer in timing.layers if not layer.nodes]
    if put_in:
        seconds = math.fsum(layer.seconds for layer in put_in)
        operators = ", ".join(sorted({layer.operator for layer in put_in}))
        kernels = "kernel" if len(put_in) == 1 else "kernels"
        yield f"put in by the runtime: {readable_time(seconds)} of it, {len(put_in)} {kernels} ({operators})"


def signed_time(seconds: float) -> str:
    """A time that may be below nothing, where noise is larger than it."""
    return f"-{readable_time(-seconds)}" if seconds < 0 else readable_time(seconds)
