"""Bytes to and from the disk, so that what was written stays written, and every refusal is a sentence with a remedy."""

import contextlib
import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from blackthorn.errors import BadFile, CannotWrite

_WRITE_REMEDIES = {
    errno.ENOSPC: "free some space and run the same command again",
    errno.EDQUOT: "free some space and run the same command again",
    errno.ENOTDIR: "choose a folder whose path holds no file",
    errno.EEXIST: "choose a folder whose path holds no file",
    errno.EISDIR: "choose a file instead of a folder",
}


def read_bytes(path: Path) -> bytes:
    """The content of a file.

    Raises:
        BadFile: there is no such file, or it cannot be read.
    """
    with read_errors(path):
        if path.exists() and not path.is_file():
            raise BadFile(f"{path} is not a file", "give the path of a file")
        return path.read_bytes()


@contextmanager
def read_errors(path: Path) -> Iterator[None]:
    """Turns what the system says against reading `path` into `BadFile`."""
    try:
        yield
    except FileNotFoundError as error:
        raise BadFile(f"there is no file {path}", "check the path") from error
    except OSError as error:
        raise BadFile(f"{path} cannot be read: {_reason(error)}", "check its path and permissions") from error


@contextmanager
def write_errors(path: Path) -> Iterator[None]:
    """Turns what the system says against writing `path` into `CannotWrite`."""
    try:
        yield
    except OSError as error:
        remedy = _WRITE_REMEDIES.get(error.errno or 0, "choose a place that you may write to")
        raise CannotWrite(f"{path} cannot be written: {_reason(error)}", remedy) from error


def _reason(error: OSError) -> str:
    """What the system says, in lower case to stand within a sentence."""
    reason = error.strerror or type(error).__name__
    return reason[0].lower() + reason[1:]


def write_all(write: Callable[[bytes], int | None], data: bytes) -> None:
    """All of `data` through an unbuffered writer, which may take less at a time than it is given."""
    rest = data
    while rest:
        rest = rest[write(rest) or 0 :]


def write_atomically(path: Path, data: bytes) -> None:
    """Replace a file as a whole: a reader, or a crash at any moment, sees the old content or the new.

    Raises:
        CannotWrite: the folder or the file cannot be written.
    """
    make_folder(path.parent)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    with write_errors(path):
        try:
            with beside.open("wb", buffering=0) as file:
                write_all(file.write, data)
                os.fsync(file.fileno())
            beside.replace(path)
        finally:
            with contextlib.suppress(OSError):
                beside.unlink(missing_ok=True)
        sync_folder(path.parent)


def make_folder(folder: Path) -> None:
    """Create a folder and those above it, to stay after a power cut.

    Raises:
        CannotWrite: it cannot be created.
    """
    with write_errors(folder):
        missing = [place for place in (folder, *folder.parents) if not place.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for place in missing:
            sync_folder(place.parent)


def sync_folder(folder: Path) -> None:
    """Write a folder's list of files to the disk; a new file may vanish without it. Windows has no such call."""
    if not hasattr(os, "O_DIRECTORY"):
        return
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
