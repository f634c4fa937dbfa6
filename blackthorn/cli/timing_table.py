"""A timed network for people: what ran and how long, what goes by between kernels, and a call as a whole."""

import math
from collections.abc import Iterator

from blackthorn.cli.layer_table import LayerRow, layer_table
from blackthorn.cli.tables import percent, shortened
from blackthorn.records import NetworkTiming
from blackthorn.units import readable_time

TITLES = ("layer", "operator", "made of", "latency", "share")
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
    if timing.layers:
        yield from layer_table(TITLES, list(_rows(timing)), timing.kernel_seconds, top)
        yield ""
        yield f"kernels: {readable_time(timing.kernel_seconds)} in {len(timing.layers)} layers"
        yield from _put_in_lines(timing)
        yield f"between kernels: {signed_time(timing.seconds - timing.kernel_seconds)}"
    else:
        yield "kernels: ONNX Runtime does not tell those of this provider"
    if timing.transfers is not None:
        inwards, back = readable_time(timing.transfers.to_device), readable_time(timing.transfers.to_host)
        yield f"transfers, not in the call: {inwards} to the device, {back} back"
    yield f"end to end: {readable_time(timing.seconds)}, spread {percent(timing.spread)}, {timing.grade}, {timing.calls} calls"


def _rows(timing: NetworkTiming) -> Iterator[LayerRow]:
    for layer in timing.layers:
        yield LayerRow(layer.name, (layer.operator, shortened(" ".join(layer.nodes), LONGEST_LIST)), layer.seconds)


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
