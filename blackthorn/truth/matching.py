"""Kernel times of what a runtime ran, given to the layers of a network as it was read."""

from collections.abc import Iterator, Sequence

from blackthorn.records import NetworkLayer, TimedLayer

Match = tuple[TimedLayer, int | None]
"""What was timed, and the position of the layer that it belongs to; None where there is no such layer."""


def matched(timed: Sequence[TimedLayer], layers: Sequence[NetworkLayer]) -> Iterator[Match]:
    """Find the layer of each thing that was timed.

    What ONNX nodes became belongs to the layer that holds the first of these nodes. What the runtime put in by itself belongs
    to the next layer of that operator that has no ONNX nodes either.

    Args:
        timed: in the order in which they ran.
        layers: in the order in which they run.
    """
    of_node = {node: index for index, layer in reversed(list(enumerate(layers))) for node in layer.nodes}
    put_in = {operator: iter(_put_in(layers, operator)) for operator in {layer.op_type for layer in layers}}
    for entry in timed:
        if entry.nodes:
            yield entry, next((of_node[node] for node in entry.nodes if node in of_node), None)
        else:
            yield entry, next(put_in.get(entry.operator, iter(())), None)


def _put_in(layers: Sequence[NetworkLayer], operator: str) -> list[int]:
    """Where the layers of an operator are that no ONNX node became."""
    return [index for index, layer in enumerate(layers) if layer.op_type == operator and not layer.nodes]
