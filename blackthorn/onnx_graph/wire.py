"""The protobuf wire format: a message as tagged spans of bytes, read without copying or touching what is skipped.

An ONNX file is one protobuf message whose bulk is weights. Reading the wire directly means that weights are stepped over by
their length alone, and that whatever a damaged file holds can be refused in one place.
Format: https://protobuf.dev/programming-guides/encoding
"""

import mmap
import struct
from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

Buffer = bytes | mmap.mmap
"""Both give an int at an index and bytes at a slice."""
Span = tuple[int, int]
"""Start and end of some bytes of a buffer."""
Reader = Callable[[Buffer, int, int], Any]
"""Takes (buffer, start, end) of a field; for a field that is a number of variable length (buffer, number, end)."""
Found = dict[int, list[Any]]
"""What the readers made of a message's fields, by tag."""

VARINT, EIGHT_BYTES, DELIMITED, FOUR_BYTES = 0, 1, 2, 5
"""Wire types in use; 3 and 4 (groups) are older than ONNX."""
LONGEST_VARINT = 10
"""Bytes that 64 bits take at 7 a byte."""
LONGEST_LIST = 32_768
"""Bytes of a packed list that are read; longer ones (decision trees, label tables) say nothing about shapes."""
LONGEST_TEXT = 32_768
"""Bytes of a text that are read; longer ones are no names but whole files kept in an attribute (compiled networks)."""
MOST_FIELDS = 1_000_000
"""Fields of one message; a reader that took a wrong turn into a large weight would find more."""
FIRST_TAG = 8
"""Field numbers start at 1."""
_COUNTED = frozenset((VARINT, DELIMITED))
"""Wire types that start with a number: the value itself, or how many bytes follow."""
_FIXED_SIZES = {EIGHT_BYTES: 8, FOUR_BYTES: 4}


class WireError(Exception):
    """The bytes are not a protobuf message; the text says why, as part of a sentence."""


def tag(number: int, wire_type: int = DELIMITED) -> int:
    """What stands before a field of this number and wire type."""
    return number << 3 | wire_type


def read_varint(data: Buffer, at: int, end: int) -> Span:
    """The unsigned number that starts at `at`, and where it ends.

    Raises:
        WireError: it runs past `end` or is longer than 64 bits.
    """
    value = 0
    for index in range(LONGEST_VARINT):
        if at + index >= end:
            raise WireError(f"a number runs past byte {end}")
        byte = data[at + index]
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80:
            return value & 0xFFFF_FFFF_FFFF_FFFF, at + index + 1
    raise WireError(f"a number at byte {at} has no end")


def collect(data: Buffer, start: int, end: int, readers: Mapping[int, Reader]) -> Found:
    """The fields of a message that have a reader, read, by tag; all others are stepped over.

    Numbers of one byte, which most are, are read here: a network has tens of thousands.

    Raises:
        WireError: a field is of no known type or runs past `end`.
    """
    found: Found = defaultdict(list)
    at, left = start, MOST_FIELDS
    while at < end:
        key, at = (data[at], at + 1) if data[at] < 0x80 else read_varint(data, at, end)
        wire_type, left = key & 7, left - 1
        if wire_type in _COUNTED:
            count, at = (data[at], at + 1) if at < end and data[at] < 0x80 else read_varint(data, at, end)
            first, stop = (at, at + count) if wire_type else (count, at)
        elif wire_type in _FIXED_SIZES:
            first, stop = at, at + _FIXED_SIZES[wire_type]
        else:
            raise WireError(f"byte {at - 1} starts a field of the unknown type {wire_type}")
        if stop > end or key < FIRST_TAG or left < 0:
            raise WireError(f"the field at byte {at} is of no known kind, or one too many, or runs past byte {end}")
        if key in readers:
            found[key].append(readers[key](data, first, stop))
        at = stop
    return found


def last(found: Found, key: int, default: Any) -> Any:
    """A field that stands once; protobuf lets the last one win."""
    values = found.get(key)
    return values[-1] if values else default


def repeated(found: Found, single: int, packed: int) -> tuple[Any, ...] | None:
    """A list of numbers, written one by one or packed; None where a pack was too long to be read."""
    packs = found.get(packed)
    if packs is None:
        return tuple(found.get(single, ()))
    return None if None in packs else (*found.get(single, ()), *(number for pack in packs for number in pack))


def signed(value: int) -> int:
    """A 64-bit number as protobuf writes negative ones: two's complement."""
    return value - 2**64 if value >= 2**63 else value


def number(_: Buffer, value: int, __: int) -> int:
    """Reads a whole number of variable length."""
    return signed(value)


def text(data: Buffer, start: int, end: int) -> str:
    """Reads text that can be printed: line ends, control characters and bytes that are no UTF-8 are written as escapes."""
    read = data[start : min(end, start + LONGEST_TEXT)].decode("utf-8", errors="backslashreplace")
    return read if read.isprintable() else read.encode("unicode_escape").decode("ascii")


def fraction(data: Buffer, start: int, _: int) -> float:
    """Reads a 4-byte fraction."""
    return float(struct.unpack_from("<f", data, start)[0])


def span(_: Buffer, start: int, end: int) -> Span:
    """Reads nothing: tells where a field lies."""
    return start, end


def numbers(data: Buffer, start: int, end: int) -> list[int] | None:
    """Reads packed whole numbers; None where there are too many to be of use."""
    if end - start > LONGEST_LIST:
        return None
    listed = []
    while start < end:
        value, start = read_varint(data, start, end)
        listed.append(signed(value))
    return listed


def fractions(data: Buffer, start: int, end: int) -> list[float] | None:
    """Reads packed 4-byte fractions, bytes left over ignored; None where there are too many to be of use."""
    if end - start > LONGEST_LIST:
        return None
    return list(struct.unpack_from(f"<{(end - start) // 4}f", data, start))
