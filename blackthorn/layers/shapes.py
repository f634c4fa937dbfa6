"""What the readers of nodes share: shapes that are known and positive, attributes of the right type."""

import math
from collections.abc import Sequence

from blackthorn.records import OnnxNode

Shape = tuple[int, ...]


def input_shape(node: OnnxNode, place: int = 0, rank: int | None = None) -> Shape | None:
    """The shape of an input, of a rank if one is given; None where it is missing, unknown, empty or of another rank."""
    return _sound(node.inputs, place, rank)


def output_shape(node: OnnxNode, place: int = 0, rank: int | None = None) -> Shape | None:
    """The shape of an output, as above."""
    return _sound(node.outputs, place, rank)


def _sound(shapes: Sequence[Shape | None], place: int, rank: int | None) -> Shape | None:
    shape = shapes[place] if place < len(shapes) else None
    if shape is None or (rank is not None and len(shape) != rank) or min(shape, default=1) < 1:
        return None
    return shape


def is_constant(node: OnnxNode, place: int) -> bool:
    """Whether an input is the same in every run."""
    return place < len(node.constant) and node.constant[place]


def whole_attribute(node: OnnxNode, name: str, default: int) -> int | None:
    """A whole-number attribute; None where it is something else."""
    value = node.attributes.get(name, default)
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def sizes_attribute(node: OnnxNode, name: str, rank: int) -> Shape | None:
    """An attribute of `rank` numbers of at least 1, all 1 where it is absent; None where it is something else."""
    value = node.attributes.get(name)
    if value is None:
        return (1,) * rank
    if not isinstance(value, (list, tuple)) or len(value) != rank:
        return None
    return tuple(value) if all(isinstance(size, int) and size >= 1 for size in value) else None


def axis_attribute(node: OnnxNode, default: int, shape: Shape) -> int | None:
    """The attribute `axis`, counted from the front; None where the shape has no such axis."""
    axis = whole_attribute(node, "axis", default)
    if axis is None or not -len(shape) <= axis < len(shape):
        return None
    return axis % len(shape)


def split_at(shape: Shape, axis: int) -> tuple[int, int]:
    """A shape as rows and columns: the product of the sizes before an axis, and that of the sizes from it on."""
    return math.prod(shape[:axis]), math.prod(shape[axis:])
