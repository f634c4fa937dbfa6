"""The contents of small tensors: shapes, axes, pads and scales. The bytes of all others are never read."""

from collections.abc import Mapping, Sequence

import numpy as np

from blackthorn.onnx_graph.tensors import DTYPES, FLOAT, FLOAT16, Shape, Values, elements, few
from blackthorn.onnx_graph.wire import Buffer, Span, numbers, tag

RAW, FLOATS, INT32S, INT64S, DOUBLES, UINT64S = tag(9), tag(4), tag(5), tag(7), tag(10), tag(11)
"""Where a TensorProto may keep its contents; every writer packs them."""
PAYLOAD_FIELDS = (RAW, FLOATS, INT32S, INT64S, DOUBLES, UINT64S)

_AS_BYTES = {FLOATS: FLOAT, DOUBLES: 11}
"""Fields that hold plain little-endian numbers, and of which element type."""
LONGEST_NUMBER = 10
"""Bytes of a packed whole number at most."""


def contents(data: Buffer, spans: Mapping[int, Sequence[Span]], shape: Shape, element: int) -> Values | None:
    """The contents of a tensor; None where they are many, absent, in another file, or do not fill the shape.

    Args:
        data: the buffer that `spans` point into.
        spans: by payload field, where it lies.
        shape: of the tensor.
        element: its ONNX element type.
    """
    dtype = DTYPES.get(element)
    if dtype is None or not few(shape):
        return None
    count = elements(shape)
    for field in PAYLOAD_FIELDS:
        for start, end in spans.get(field, ()):
            flat = _flat(data, field, (start, end), count, dtype)
            if flat is not None:
                return flat.reshape(shape)
    return np.empty(shape, dtype) if count == 0 else None


def _flat(data: Buffer, field: int, span: Span, count: int, dtype: np.dtype[np.generic]) -> Values | None:
    """What one payload field holds, if it is `count` elements."""
    start, end = span
    stored = dtype if field == RAW else DTYPES.get(_AS_BYTES.get(field, -1))
    if stored is not None:
        fits = end - start == count * stored.itemsize
        return np.frombuffer(data[start:end], stored).astype(dtype) if fits else None
    if end - start > count * LONGEST_NUMBER:
        return None
    listed = np.array(numbers(data, start, end), dtype=np.int64)
    if len(listed) != count:
        return None
    is_half = dtype == DTYPES[FLOAT16]
    return listed.astype(np.uint16).view(dtype) if is_half else listed.astype(dtype)
