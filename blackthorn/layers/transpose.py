"""Transposition: axes of a tensor in another order."""

import math
from collections.abc import Sequence
from typing import ClassVar

from blackthorn.layers.base import Dimension, LayerKind
from blackthorn.layers.onnx_probe import Activations, ProbeLayer
from blackthorn.layers.shapes import Shape, input_shape, output_shape
from blackthorn.records import Dimensions, OnnxNode


class Transpose(LayerKind):
    """`batch` matrices of `rows` x `columns`, whose entries are `run_length` numbers each, turned to columns x rows.

    Every order of axes is that, or nearly: axes that stay neighbours count as one, those that stay in front as the batch,
    those that stay at the end as an entry. How long the entries are decides most: only they are copied in one go.
    """

    name: ClassVar[str] = "transpose"
    operators: ClassVar[frozenset[str]] = frozenset({"Transpose"})
    stretch = "run_length"
    dimensions: ClassVar[tuple[Dimension, ...]] = (
        Dimension("rows", 64, 2, 4096),
        Dimension("columns", 64, 2, 4096),
        Dimension("run_length", 1, 1, 4096),
        Dimension("batch", 1, 1, 64),
    )

    def probe_layer(self, dimensions: Dimensions) -> ProbeLayer:
        batch, rows, columns, run = (dimensions[name] for name in ("batch", "rows", "columns", "run_length"))
        return ProbeLayer(
            "Transpose", (Activations((batch, rows, columns, run)),), ((batch, columns, rows, run),), {"perm": [0, 2, 1, 3]}
        )

    def read(self, node: OnnxNode) -> Dimensions | None:
        shape, order = input_shape(node), axis_order(node)
        if shape is None or order is None:
            return None
        moved = moved_axes(shape, order)
        if not moved:
            return None
        first, last = min(moved), max(moved)
        rows = math.prod(shape[first : moved[0]])
        return {
            "rows": rows,
            "columns": math.prod(shape[first : last + 1]) // rows,
            "run_length": math.prod(shape[last + 1 :]),
            "batch": math.prod(shape[:first]),
        }


def axis_order(node: OnnxNode) -> tuple[int, ...] | None:
    """The input axes in the order in which a transposition gives them; None where the node is none, or cannot be read."""
    shape = input_shape(node)
    if node.op_type != "Transpose" or shape is None or output_shape(node) is None:
        return None
    order = node.attributes.get("perm", tuple(reversed(range(len(shape)))))
    if not isinstance(order, (list, tuple)) or not all(isinstance(axis, int) for axis in order):
        return None
    return tuple(order) if sorted(order) == list(range(len(shape))) else None


def moved_axes(shape: Shape, order: Sequence[int]) -> list[int]:
    """The input axes of more than one number, in the order given, without those that stay in front or at the end."""
    given = [axis for axis in order if shape[axis] > 1]
    moves = [place for place, axes in enumerate(zip(given, sorted(given), strict=True)) if axes[0] != axes[1]]
    return given[moves[0] : moves[-1] + 1] if moves else []
