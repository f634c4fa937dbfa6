"""Points of every layer kind that are small enough to run by the hundred."""

from hypothesis import assume
from hypothesis import strategies as st

from blackthorn.errors import BadValue
from blackthorn.layers import LayerKind, layer_kind, layer_kinds
from blackthorn.records import Dimensions

KINDS = sorted(layer_kinds())
REORDERS = ("reformat", "reorder_input", "reorder_output")
"""Kinds that no ONNX node is: the runtime puts them in."""
KERNELS = [name for name in KINDS if not layer_kind(name).timed_by_call]
"""Kinds whose probes hold copies of a layer."""
MOST = {
    "kernel": 5,
    "kernel_width": 5,
    "stride": 3,
    "stride_width": 3,
    "dilation": 2,
    "dilation_width": 2,
    "batch": 2,
    "steps": 4,
}
"""How large dimensions become in tests, where it matters."""
MOST_OF_OTHERS = 40


@st.composite
def points(draw: st.DrawFn, kind: LayerKind) -> Dimensions:
    """Dimensions that such a layer can have, complete."""
    given = {}
    for dimension in kind.dimensions:
        most = max(dimension.lowest, min(dimension.highest, MOST.get(dimension.name, MOST_OF_OTHERS)))
        given[dimension.name] = draw(st.integers(dimension.lowest, most))
    if "groups" in given and draw(st.booleans()):
        given |= {"groups": 2, "filters": 2 * given["filters"], "channels": 2 * given["channels"]}
    try:
        return kind.complete(given)
    except BadValue:
        assume(False)
        raise


def plain_points(kind: LayerKind) -> list[Dimensions]:
    """The smallest layer, a small one of odd sizes, and one whose channels fill blocks."""
    smallest = {dimension.name: dimension.lowest for dimension in kind.dimensions}
    odd = {d.name: max(d.lowest, min(d.highest, MOST.get(d.name, 19))) for d in kind.dimensions if d.name != "groups"}
    blocked = {name: 64 if name in ("channels", "filters", "columns") else value for name, value in odd.items()}
    return [kind.complete(values) for values in (smallest, odd, blocked)]
