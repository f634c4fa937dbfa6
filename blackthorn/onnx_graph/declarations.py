"""Weights and declared tensors out of wire bytes; the payload of large weights is stepped over.

Field numbers are those of onnx.proto: https://github.com/onnx/onnx/blob/main/onnx/onnx.proto
"""

from typing import Any

from blackthorn.onnx_graph.messages import ValueInfo
from blackthorn.onnx_graph.payload import PAYLOAD_FIELDS, contents
from blackthorn.onnx_graph.tensors import UNDEFINED, Shape, Tensor, possible
from blackthorn.onnx_graph.wire import (
    VARINT,
    Buffer,
    Found,
    Reader,
    WireError,
    collect,
    last,
    number,
    numbers,
    repeated,
    span,
    tag,
    text,
)

HIGHEST_RANK = 64
"""Dimensions of a stored tensor; more are a damaged file's."""

_DIMS, _PACKED_DIMS, _ELEMENT, _TENSOR_NAME = tag(1, VARINT), tag(1), tag(2, VARINT), tag(8)
_TENSOR: dict[int, Reader] = {_DIMS: number, _PACKED_DIMS: numbers, _ELEMENT: number, _TENSOR_NAME: text}
_TENSOR |= dict.fromkeys(PAYLOAD_FIELDS, span)


def _stored_shape(found: Found, single: int, packed: int) -> Shape:
    shape = repeated(found, single, packed)
    if shape is None or len(shape) > HIGHEST_RANK or not possible(shape):
        raise WireError("a weight has an impossible shape")
    return shape


def read_weight(data: Buffer, start: int, end: int) -> tuple[str, Tensor]:
    """A TensorProto and its name. Data in other files is not opened: where it lies is not even read."""
    found = collect(data, start, end, _TENSOR)
    shape, element = _stored_shape(found, _DIMS, _PACKED_DIMS), last(found, _ELEMENT, UNDEFINED)
    return last(found, _TENSOR_NAME, ""), Tensor(shape, element, contents(data, found, shape, element), constant=True)


def read_tensor(data: Buffer, start: int, end: int) -> Tensor:
    """A TensorProto without its name."""
    return read_weight(data, start, end)[1]


_SPARSE_VALUES, _SPARSE_DIMS, _PACKED_SPARSE_DIMS = tag(1), tag(3, VARINT), tag(3)
_SPARSE: dict[int, Reader] = {_SPARSE_VALUES: read_weight, _SPARSE_DIMS: number, _PACKED_SPARSE_DIMS: numbers}


def read_sparse_weight(data: Buffer, start: int, end: int) -> tuple[str, Tensor]:
    """A SparseTensorProto, which bears the name of its values."""
    found = collect(data, start, end, _SPARSE)
    name, values = last(found, _SPARSE_VALUES, ("", Tensor()))
    shape = _stored_shape(found, _SPARSE_DIMS, _PACKED_SPARSE_DIMS)
    return name, Tensor(shape, values.element, constant=True)


_SIZE, _SYMBOL = tag(1, VARINT), tag(2)
_DIMENSION: dict[int, Reader] = {_SIZE: number, _SYMBOL: text}


def _read_dimension(data: Buffer, start: int, end: int) -> int | str | None:
    """A number, a symbol's name, or None. Some writers put 0 or -1 where a size is open."""
    found = collect(data, start, end, _DIMENSION)
    size = last(found, _SIZE, 0)
    return size if size > 0 else last(found, _SYMBOL, "") or None


_SHAPE_DIMENSION = tag(1)


def _read_shape(data: Buffer, start: int, end: int) -> tuple[int | str | None, ...]:
    return tuple(collect(data, start, end, {_SHAPE_DIMENSION: _read_dimension})[_SHAPE_DIMENSION])


_TYPE_ELEMENT, _TYPE_SHAPE = tag(1, VARINT), tag(2)
_TENSOR_TYPE: dict[int, Reader] = {_TYPE_ELEMENT: number, _TYPE_SHAPE: _read_shape}
_OF_TENSOR = tag(1)


def _read_tensor_type(data: Buffer, start: int, end: int) -> tuple[int, Any]:
    found = collect(data, start, end, _TENSOR_TYPE)
    return last(found, _TYPE_ELEMENT, UNDEFINED), last(found, _TYPE_SHAPE, None)


def _read_type(data: Buffer, start: int, end: int) -> tuple[int, Any]:
    """Element type and shape; undefined and None for a sequence, a map or an optional."""
    found = collect(data, start, end, {_OF_TENSOR: _read_tensor_type})
    element, shape = last(found, _OF_TENSOR, (UNDEFINED, None))
    return element, shape


_VALUE_NAME, _VALUE_TYPE = tag(1), tag(2)
_VALUE: dict[int, Reader] = {_VALUE_NAME: text, _VALUE_TYPE: _read_type}


def read_value_info(data: Buffer, start: int, end: int) -> ValueInfo:
    """A ValueInfoProto."""
    found = collect(data, start, end, _VALUE)
    element, shape = last(found, _VALUE_TYPE, (UNDEFINED, None))
    return ValueInfo(last(found, _VALUE_NAME, ""), element, shape)
