"""Shape arithmetic worked out: the contents of small tensors that follow from other small ones.

Networks compute sizes as they run (Shape, Gather, Mul, Concat, Reshape); with known input shapes all of that is constant.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from blackthorn.onnx_graph.rules import MISFITS, Call, NotKnownError
from blackthorn.onnx_graph.rules.creation import shape_slice
from blackthorn.onnx_graph.rules.movement import slices
from blackthorn.onnx_graph.rules.selection import reduced_axes
from blackthorn.onnx_graph.tensors import DTYPES, Shape, Tensor, Values, elements, few

Array = NDArray[Any]


def _divide(left: Array, right: Array) -> Array:
    """Whole numbers are divided towards zero, as in C."""
    if np.issubdtype(left.dtype, np.integer):
        return np.trunc(np.true_divide(left, right)).astype(left.dtype)
    return np.asarray(left / right)


_NUMPY: Mapping[str, Callable[..., Array]] = {
    "Abs": np.abs,
    "Add": np.add,
    "And": np.logical_and,
    "Ceil": np.ceil,
    "Div": _divide,
    "Equal": np.equal,
    "Exp": np.exp,
    "Floor": np.floor,
    "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal,
    "Less": np.less,
    "LessOrEqual": np.less_equal,
    "Log": np.log,
    "Mul": np.multiply,
    "Neg": np.negative,
    "Not": np.logical_not,
    "Or": np.logical_or,
    "Pow": np.power,
    "Reciprocal": np.reciprocal,
    "Round": np.round,
    "Sqrt": np.sqrt,
    "Sub": np.subtract,
    "Where": np.where,
    "Xor": np.logical_xor,
}
"""Operators that are a NumPy function of their inputs."""

_SAME_ELEMENTS = ("Cast", "CastLike", "Flatten", "Identity", "Reshape", "Squeeze", "Unsqueeze")
"""Operators that keep the elements of their first input and their order."""

_REDUCTIONS: Mapping[str, Callable[..., Array]] = {
    "ReduceMax": np.max,
    "ReduceMean": np.mean,
    "ReduceMin": np.min,
    "ReduceProd": np.prod,
    "ReduceSum": np.sum,
}


def _by_numpy(function: Callable[..., Array]) -> Callable[[Call], Array]:
    return lambda call: function(*(call.value(index) for index in range(len(call.inputs))))


def _constant(call: Call) -> Array:
    (value,) = call.attributes.values()
    if isinstance(value, Tensor):
        if value.value is None:
            raise NotKnownError
        return value.value
    return np.asarray(value)


def _constant_of_shape(call: Call) -> Array:
    value = call.attributes.get("value")
    fill = value.value if isinstance(value, Tensor) else np.zeros(1, np.float32)
    if fill is None:
        raise NotKnownError
    return np.full(tuple(call.whole_numbers(0)), fill.reshape(-1)[0])


def _slice(call: Call) -> Array:
    cuts = slices(call)
    return call.value(0)[tuple(cuts.get(axis, slice(None)) for axis in range(call.value(0).ndim))]


def _gather(call: Call) -> Array:
    return np.take(call.value(0), call.value(1).astype(np.int64), axis=call.number("axis", 0))


def _concat(call: Call) -> Array:
    return np.concatenate([call.value(index) for index in range(len(call.inputs))], axis=call.number("axis", 0))


def _range(call: Call) -> Array:
    start, limit, step = (call.value(index).reshape(-1)[0] for index in range(3))
    return np.arange(start, limit, step)


def _reduce(call: Call) -> Array:
    reduction = _REDUCTIONS[call.op_type]
    return reduction(call.value(0), axis=tuple(reduced_axes(call)), keepdims=call.number("keepdims", 1) != 0)


def _extreme(call: Call) -> Array:
    """Max and Min of any number of inputs."""
    values = np.broadcast_arrays(*(call.value(index) for index in range(len(call.inputs))))
    return np.asarray(np.max(values, axis=0) if call.op_type == "Max" else np.min(values, axis=0))


EVALUATIONS: Mapping[str, Callable[[Call], Array]] = {
    "Concat": _concat,
    "Constant": _constant,
    "ConstantOfShape": _constant_of_shape,
    "Expand": lambda call: np.broadcast_to(call.value(0), np.broadcast_shapes(call.shape(0), tuple(call.whole_numbers(1)))),
    "Gather": _gather,
    "Max": _extreme,
    "Min": _extreme,
    "Mod": lambda call: (np.fmod if call.number("fmod", 0) else np.mod)(call.value(0), call.value(1)),
    "NonZero": lambda call: np.array(np.nonzero(call.value(0))),
    "Range": _range,
    "Shape": lambda call: np.array(call.shape(0)[shape_slice(call)], dtype=np.int64),
    "Size": lambda call: np.array(elements(call.shape(0)), dtype=np.int64),
    "Slice": _slice,
    "Tile": lambda call: np.tile(call.value(0), call.whole_numbers(1)),
    "Transpose": lambda call: np.transpose(call.value(0), call.attributes.get("perm")),  # type: ignore[arg-type]
    **dict.fromkeys(_REDUCTIONS, _reduce),
    **dict.fromkeys(_SAME_ELEMENTS, lambda call: call.value(0)),
    **{name: _by_numpy(function) for name, function in _NUMPY.items()},
}
"""By operator, its contents; without the final shape and element type, which the shape rules tell."""


def evaluate(call: Call, shape: Shape | None, element: int) -> Values | None:
    """The contents of a node's only output; None where they are many or not known.

    Args:
        call: the node.
        shape: of its output, from the shape rules: nothing larger is ever computed.
        element: ONNX element type of its output.
    """
    evaluation, dtype = EVALUATIONS.get(call.op_type), DTYPES.get(element)
    if evaluation is None or dtype is None or shape is None or not few(shape) or call.output_count != 1:
        return None
    try:
        return evaluation(call).astype(dtype).reshape(shape)
    except (NotKnownError, *MISFITS):  # the shape is right; an index out of bounds or the maximum of nothing has no contents
        return None
