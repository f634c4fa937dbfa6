"""A sweep file as text: the header in the first line, one visit of a point in every further one.

A process killed in the middle of a write leaves half a line at the end; that, and nothing else, is forgiven.
"""

import io
from collections.abc import Iterator
from pathlib import Path

import msgspec

from blackthorn.errors import BadFile
from blackthorn.records import Measurement, Sweep, SweepHeader, merged_visits
from blackthorn.storage.codec import is_json, read_record, schema_of
from blackthorn.storage.disk import read_bytes
from blackthorn.storage.faults import header_faults, measurement_faults

_REMEDY = "delete that line or take the file from where it was made"
_HEADER_REMEDY = "give a file that blackthorn sweep wrote, or sweep again into another folder"
_HEADER_START = b'{"device":'


class SweepText(msgspec.Struct, frozen=True):
    """What a sweep file holds.

    Attributes:
        header: the first line.
        schema: the schema number that the file has, which may be older than the header's.
        visits: all timings of each point by its probe's key, points in the order in which they were first taken.
        sound: bytes up to the end of the last line that is whole.
    """

    header: SweepHeader
    schema: int
    visits: dict[str, tuple[Measurement, ...]]
    sound: int

    def measurements(self) -> Iterator[Measurement]:
        """One measurement of every point, made of all its visits."""
        return map(merged_visits, self.visits.values())


def read_sweep(path: Path) -> Sweep:
    """A sweep as it stands in its file; half a line at the end is left out, and all visits of a point count as one measurement.

    Raises:
        BadFile: there is no such file, or it is not a sweep, or a line of it is damaged, or a newer blackthorn made it.
    """
    data = read_bytes(path)
    if is_unbegun(data):
        raise BadFile(f"{path} holds no sweep yet", "run its sweep again, or delete the file")
    text = parse_sweep(data, path)
    return Sweep(text.header, tuple(text.measurements()))


def is_unbegun(data: bytes) -> bool:
    """Whether a file holds nothing, or the half-written header of a sweep killed at its very start.

    Zeros are what some file systems leave of a write when the power is cut.
    """
    if not data.strip(b"\0"):
        return True
    starts = data.startswith(_HEADER_START) or _HEADER_START.startswith(data)
    return starts and b"\n" not in data and not is_json(data)


def parse_sweep(data: bytes, path: Path) -> SweepText:
    """The content of a sweep file; raises as `read_sweep` does."""
    first, *lines = io.BytesIO(data).readlines()
    header, schema = _parse_header(first, path)
    visits: dict[str, tuple[Measurement, ...]] = {}
    sound = len(first)
    for number, line in enumerate(lines, start=2):
        if number == len(lines) + 1 and not is_json(line):
            break
        measurement = _parse_measurement(line, f"line {number} of {path}", header, schema)
        held = visits.get(measurement.probe.key, ())
        if measurement not in held:  # two files joined by hand may share lines
            visits[measurement.probe.key] = (*held, measurement)
        sound += len(line)
    return SweepText(header, schema, visits, sound)


def _parse_header(line: bytes, path: Path) -> tuple[SweepHeader, int]:
    place = f"line 1 of {path}"
    schema = schema_of(line, SweepHeader, place, _HEADER_REMEDY)
    header = read_record(line, SweepHeader, place, schema, _HEADER_REMEDY)
    for fault in header_faults(header):
        raise BadFile(f"{place} cannot be right: {fault}", _HEADER_REMEDY)
    return header, schema


def _parse_measurement(line: bytes, place: str, header: SweepHeader, schema: int) -> Measurement:
    measurement = read_record(line, Measurement, place, schema, _REMEDY)
    for fault in measurement_faults(measurement, header):
        raise BadFile(f"{place} cannot be right: {fault}", _REMEDY)
    return measurement
