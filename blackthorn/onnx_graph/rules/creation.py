"""Operators that make a tensor out of nothing, or out of a shape."""

import math

from blackthorn.onnx_graph.rules.call import Call, NotKnownError, Rule
from blackthorn.onnx_graph.tensors import Shape, Tensor


def _constant(call: Call) -> list[Shape | None]:
    """A tensor; a number or text; a list of them (operator set 12 has an attribute for each)."""
    (value,) = call.attributes.values()
    if isinstance(value, Tensor):
        return [value.shape]
    if isinstance(value, (int, float, str)):
        return [()]
    if isinstance(value, tuple):
        return [(len(value),)]
    raise NotKnownError


def _constant_of_shape(call: Call) -> list[Shape]:
    return [tuple(call.whole_numbers(0))]


def _shape(call: Call) -> list[Shape]:
    return [(len(call.shape(0)[shape_slice(call)]),)]


def shape_slice(call: Call) -> slice:
    """Which dimensions a Shape node tells; all of them before operator set 15."""
    return slice(call.number("start", 0), call.number("end", len(call.shape(0))))


def _size(_: Call) -> list[Shape]:
    return [()]


def _range(call: Call) -> list[Shape]:
    start, limit, step = (float(call.value(index).reshape(-1)[0]) for index in range(3))
    return [(max(0, math.ceil((limit - start) / step)),)]


def _random(call: Call) -> list[Shape]:
    return [tuple(call.numbers("shape", ()))]


RULES: dict[str, Rule] = {
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Shape": _shape,
    "Size": _size,
    "Range": _range,
    "RandomNormal": _random,
    "RandomUniform": _random,
}
