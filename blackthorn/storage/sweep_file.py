"""A sweep file open for writing: a measurement that `append` has taken survives a crash, a kill and a power cut."""

import contextlib
import logging
import os
from io import FileIO
from pathlib import Path
from types import TracebackType

import msgspec
from typing_extensions import Self

from blackthorn.errors import BadFile, BadValue, CannotWrite, WrongDevice
from blackthorn.records import SWEEP_SCHEMA, Measurement, SweepHeader, merged_visits
from blackthorn.storage.disk import make_folder, sync_folder, write_all, write_errors
from blackthorn.storage.faults import header_faults, measurement_faults
from blackthorn.storage.sweep_text import SweepText, is_unbegun, parse_sweep

log = logging.getLogger(__name__)

_SHARED = ("layer", "axes", "fixed", "precision", "reference")
"""What two runs of one sweep have in common; the time, the versions and the details of the device may differ."""


class SweepFile:
    """A sweep file that is being written; a context manager. Made by `open_sweep`."""

    def __init__(self, path: Path, file: FileIO, text: SweepText) -> None:
        self.path = path
        self.header = text.header
        self._file = file
        self._visits = dict(text.visits)
        self._known = dict(zip(text.visits, text.measurements(), strict=True))

    @property
    def measurements(self) -> tuple[Measurement, ...]:
        """What the file holds now, all visits of a point as one, in the order in which points were first taken."""
        return tuple(self._known.values())

    def visits(self, key: str) -> tuple[Measurement, ...]:
        """All timings of the point of a probe with this key, in the order in which they were taken."""
        return self._visits.get(key, ())

    def append(self, measurement: Measurement) -> None:
        """Add one line; when this returns, it is on the disk.

        Raises:
            BadValue: the point is in the file already, does not belong to the sweep, or has times that cannot be.
            CannotWrite: the disk is full or gone; the file stays as it was.
        """
        if measurement.probe.key in self._known:
            raise BadValue(f"{measurement.probe.key} is in {self.path} already", "visit it, or measure each point once")
        self._write(measurement)

    def visit(self, measurement: Measurement) -> Measurement:
        """Add one line for a point that is there already; gives what all of its visits say. Raises as `append` does.

        Raises:
            BadValue: the point is not in the file.
        """
        if measurement.probe.key not in self._known:
            raise BadValue(f"{measurement.probe.key} is not in {self.path}", "append it")
        self._write(measurement)
        return self._known[measurement.probe.key]

    def _write(self, measurement: Measurement) -> None:
        key = measurement.probe.key
        for fault in measurement_faults(measurement, self.header):
            raise BadValue(f"{key} cannot be kept: {fault}", "measure it again")
        _append_line(self._file, self.path, msgspec.json.encode(measurement) + b"\n")
        self._visits[key] = (*self._visits.get(key, ()), measurement)
        self._known[key] = merged_visits(self._visits[key])

    def close(self) -> None:
        """Let the file go, and with it the lock; harmless when repeated."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def open_sweep(path: Path, header: SweepHeader) -> SweepFile:
    """Begin a sweep file, with its folders, or take up the one that is there.

    Half a line at the end of the file is cut off, and a file without a whole header begins anew. Until it is closed, no other
    process can open the file so (where the system has `flock`).

    Raises:
        WrongDevice: the file holds timings of another device.
        BadFile: the file is damaged, or holds another sweep, or one of an older or newer schema.
        BadValue: the header cannot be right.
        CannotWrite: the file cannot be written, or another process is writing it.
    """
    for fault in header_faults(header):
        raise BadValue(f"a sweep cannot begin: {fault}", "mend the plan of the sweep")
    make_folder(path.parent)
    with contextlib.ExitStack() as undo:
        with write_errors(path):
            file = undo.enter_context(path.open("a+b", buffering=0))
        _lock(file, path)
        text = _begin_or_resume(file, path, header)
        undo.pop_all()
    return SweepFile(path, file, text)


def _begin_or_resume(file: FileIO, path: Path, header: SweepHeader) -> SweepText:
    file.seek(0)
    data = file.readall()
    if is_unbegun(data):
        return _begin(file, path, header)
    text = parse_sweep(data, path)
    _check_same_sweep(text, header, path)
    with write_errors(path):
        file.truncate(text.sound)
    if not data[: text.sound].endswith(b"\n"):
        _append_line(file, path, b"\n")
    return text


def _begin(file: FileIO, path: Path, header: SweepHeader) -> SweepText:
    line = msgspec.json.encode(header) + b"\n"
    with write_errors(path):
        file.truncate(0)
    _append_line(file, path, line)
    with write_errors(path):
        sync_folder(path.parent)
    return SweepText(header, SWEEP_SCHEMA, {}, len(line))


def _check_same_sweep(text: SweepText, header: SweepHeader, path: Path) -> None:
    stored = text.header
    if stored.device.name != header.device.name:
        raise WrongDevice(
            f"{path} holds timings of {stored.device.name}, not of {header.device.name}",
            "choose another folder, or sweep on the device that the file names",
        )
    for name in _SHARED:
        held, wanted = getattr(stored, name), getattr(header, name)
        if held != wanted:
            raise BadFile(f"{path} holds another sweep ({name}: {held} there, {wanted} here)", "choose another folder")
    if text.schema != SWEEP_SCHEMA:
        raise BadFile(
            f"{path} was begun by an older blackthorn (schema {text.schema}, this one writes {SWEEP_SCHEMA})",
            "choose another folder; the old file can still be fitted",
        )


def _append_line(file: FileIO, path: Path, line: bytes) -> None:
    """Write and sync a line, or leave the file as it was: half a line would spoil the next one."""
    end = file.seek(0, os.SEEK_END)
    with write_errors(path):
        try:
            write_all(file.write, line)
            os.fsync(file.fileno())
        except OSError:
            with contextlib.suppress(OSError):
                file.truncate(end)
            raise


def _lock(file: FileIO, path: Path) -> None:
    """Keep other processes from writing the file; the lock goes with the file when it closes or the process dies."""
    try:
        import fcntl
    except ImportError:
        log.debug("no file locks on this system")
        return
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise CannotWrite(f"{path} is being written by another process", "wait until that sweep ends, or stop it") from error
    except OSError as error:
        log.debug("%s cannot be locked here: %s", path, error)  # some network file systems have no locks
