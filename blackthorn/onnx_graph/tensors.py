"""What is known of a tensor before the network runs: shape, element type, and contents where they are few."""

import math

import msgspec
import numpy as np
from numpy.typing import NDArray

Shape = tuple[int, ...]
Values = NDArray[np.generic]

MOST_VALUES = 1024
"""Contents are kept up to this many elements: shapes, axes, pads and scales have a few, weights have more."""
MOST_ELEMENTS = 2**40
"""A tensor of more elements (a terabyte of 8-bit numbers) is a damaged file's."""

UNDEFINED, FLOAT, INT32, INT64, STRING, BOOL, FLOAT16 = 0, 1, 6, 7, 8, 9, 10
"""Element types that are spoken of by name; the numbers are ONNX's (TensorProto.DataType)."""

DTYPES: dict[int, np.dtype[np.generic]] = {
    element: np.dtype(name).newbyteorder("<")
    for element, name in {
        FLOAT: "f4",
        2: "u1",
        3: "i1",
        4: "u2",
        5: "i2",
        INT32: "i4",
        INT64: "i8",
        BOOL: "?",
        FLOAT16: "f2",
        11: "f8",
        12: "u4",
        13: "u8",
    }.items()
}
"""Element types that numpy has; bfloat16 and smaller ones carry no contents here."""


class Tensor(msgspec.Struct, frozen=True):
    """What is known of one tensor.

    Attributes:
        shape: None where it is decided only as the network runs.
        element: ONNX element type, UNDEFINED where unknown.
        value: contents, where they are known and at most `MOST_VALUES`.
        constant: the same in every run, known or not: a weight, or something made of weights alone.
        identity: which tensor of its network it is, however many names functions and graphs give it; 0 outside of a network.
    """

    shape: Shape | None = None
    element: int = UNDEFINED
    value: Values | None = None
    constant: bool = False
    identity: int = 0


UNKNOWN = Tensor()


def elements(shape: Shape) -> int:
    """How many elements a tensor of that shape has."""
    return math.prod(shape)


def possible(shape: Shape) -> bool:
    """Whether a tensor of that shape can be; dimensions of 0 do not excuse the others."""
    return min(shape, default=0) >= 0 and math.prod(max(1, size) for size in shape) <= MOST_ELEMENTS


def few(shape: Shape) -> bool:
    """Whether contents of that shape are worth keeping."""
    return elements(shape) <= MOST_VALUES


def readable_shape(shape: Shape | None) -> str:
    """A shape for people: `1x3x224x224`, `scalar`, `?`."""
    if shape is None:
        return "?"
    return "x".join(map(str, shape)) or "scalar"
