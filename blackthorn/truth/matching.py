"""Kernel times of what a runtime ran, given to the layers of a network as it was read."""

from collections import defaultdict, deque
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
    of_node: dict[str, int] = {}
    put_in: dict[str, deque[int]] = defaultdict(deque)
    for index, layer in enumerate(layers):
        for node in layer.nodes:
            of_node.setdefault(node, index)
        if not layer.nodes:
            put_in[layer.op_type].append(index)
    for entry in timed:
        if entry.nodes:
            yield entry, next((of_node[node] for node in entry.nodes if node in of_node), None)
        else:
            waiting = put_in[entry.operator]
            yield entry, waiting.popleft() if waiting else None
