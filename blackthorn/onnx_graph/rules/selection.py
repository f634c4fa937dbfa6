"""Operators that pick elements or reduce along axes."""

import numpy as np

from blackthorn.onnx_graph.rules.call import Call, Rule, axes_within, axis_within, operators
from blackthorn.onnx_graph.tensors import Shape

REDUCTIONS = operators("""
    ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMax ReduceMean ReduceMin ReduceProd ReduceSum ReduceSumSquare
""")


def _without(shape: Shape, axes: set[int], keep: bool) -> Shape:
    """A shape reduced along axes, which stay behind with size 1 or vanish."""
    if keep:
        return tuple(1 if axis in axes else size for axis, size in enumerate(shape))
    return tuple(size for axis, size in enumerate(shape) if axis not in axes)


def reduced_axes(call: Call) -> set[int]:
    """The axes that a Reduce node sums away."""
    rank = len(call.shape(0))
    axes = call.listed(1, "axes")
    if not axes:
        return set() if call.number("noop_with_empty_axes", 0) else set(range(rank))
    return axes_within(axes, rank)


def _reduce(call: Call) -> list[Shape]:
    return [_without(call.shape(0), reduced_axes(call), call.number("keepdims", 1) != 0)]


def _arg_extreme(call: Call) -> list[Shape]:
    data = call.shape(0)
    axis = axis_within(call.number("axis", 0), len(data))
    return [_without(data, {axis}, call.number("keepdims", 1) != 0)]


def _gather(call: Call) -> list[Shape]:
    data, indices = call.shape(0), call.shape(1)
    axis = axis_within(call.number("axis", 0), len(data))
    return [(*data[:axis], *indices, *data[axis + 1 :])]


def _gather_elements(call: Call) -> list[Shape]:
    return [call.shape(1)]


def _gather_nd(call: Call) -> list[Shape]:
    data, indices = call.shape(0), call.shape(1)
    picked = call.number("batch_dims", 0) + indices[-1]
    if not 0 <= picked <= len(data):
        raise ValueError(f"indices of {indices[-1]} numbers do not point into {len(data)} dimensions")
    return [(*indices[:-1], *data[picked:])]


def _top_k(call: Call) -> list[Shape]:
    data = call.shape(0)
    axis = axis_within(call.number("axis", -1), len(data))
    count = call.whole_numbers(1)[0] if call.given(1) else call.number("k", -1)
    if not 0 <= count <= data[axis]:
        raise ValueError(f"there are no top {count} of {data[axis]}")
    return [(*data[:axis], count, *data[axis + 1 :])] * 2


def _one_hot(call: Call) -> list[Shape]:
    indices, (depth, *_) = call.shape(0), call.whole_numbers(1)
    axis = axis_within(call.number("axis", -1), len(indices) + 1)
    return [(*indices[:axis], depth, *indices[axis:])]


def _non_zero(call: Call) -> list[Shape]:
    """One column an element that is not zero, which only contents can tell."""
    return [(len(call.shape(0)), int(np.count_nonzero(call.value(0))))]


RULES: dict[str, Rule] = {
    **dict.fromkeys(REDUCTIONS, _reduce),
    "ArgMax": _arg_extreme,
    "ArgMin": _arg_extreme,
    "Gather": _gather,
    "GatherElements": _gather_elements,
    "GatherND": _gather_nd,
    "TopK": _top_k,
    "NonZero": _non_zero,
    "OneHot": _one_hot,
}
