"""Things that cost much to make and can be made again: a file each, the oldest removed for new ones, damaged ones left out.

A file begins with one line of JSON that says what it is of and what its content must be; the content follows as it is.
"""

import contextlib
import hashlib
import logging
import os
from collections.abc import Mapping
from pathlib import Path

import msgspec

from blackthorn.errors import BlackthornError
from blackthorn.storage.disk import write_atomically

log = logging.getLogger(__name__)

BLOB_SCHEMA = 1


class _Label(msgspec.Struct, frozen=True):
    """The first line of a file."""

    of: dict[str, str]
    bytes: int
    sha256: str
    schema: int = BLOB_SCHEMA


def cache_folder() -> Path:
    """Where things that can be made again are kept: below XDG_CACHE_HOME, or below .cache of the user's home."""
    given = os.environ.get("XDG_CACHE_HOME")
    return (Path(given) if given else Path.home() / ".cache") / "blackthorn"


class BlobCache:
    """A folder of such files.

    Args:
        folder: made when the first is kept.
        ending: of the files' names.
        most_bytes: what all of them may take together; those that were used last stay.
    """

    def __init__(self, folder: Path, ending: str, most_bytes: int) -> None:
        self._folder = folder
        self._ending = ending
        self._most_bytes = most_bytes

    def path(self, of: Mapping[str, str]) -> Path:
        """The file of what is described so."""
        text = msgspec.json.encode(dict(sorted(of.items())))
        return self._folder / f"{hashlib.sha256(text).hexdigest()[:32]}{self._ending}"

    def get(self, of: Mapping[str, str]) -> bytes | None:
        """What was kept; None where there is nothing, or where it is damaged or of something else."""
        path = self.path(of)
        try:
            first, _, content = path.read_bytes().partition(b"\n")
            label = msgspec.json.decode(first, type=_Label)
        except FileNotFoundError:
            return None
        except (OSError, msgspec.DecodeError) as error:
            log.info("made again, since %s cannot be read: %s", path, error)
            return None
        if label != _label(of, content):
            log.info("made again, since %s is damaged or of something else", path)
            return None
        with contextlib.suppress(OSError):
            os.utime(path)
        return content

    def put(self, of: Mapping[str, str], content: bytes) -> None:
        """Keep something; where it cannot be written it is made again the next time, and that is said."""
        label = msgspec.json.encode(_label(of, content))
        try:
            write_atomically(self.path(of), label + b"\n" + content)
            self._make_room()
        except (BlackthornError, OSError) as error:
            log.warning("it will have to be made again: %s", error)

    def drop(self, of: Mapping[str, str]) -> None:
        """Forget something that turned out to be of no use."""
        with contextlib.suppress(OSError):
            self.path(of).unlink(missing_ok=True)

    def _make_room(self) -> None:
        """Remove what was not used for longest, until the rest fits."""
        held = [(path, path.stat()) for path in self._folder.glob(f"*{self._ending}")]
        taken = sum(stat.st_size for _, stat in held)
        for path, stat in sorted(held, key=lambda entry: entry[1].st_mtime_ns):
            if taken <= self._most_bytes:
                return
            path.unlink(missing_ok=True)
            taken -= stat.st_size


def _label(of: Mapping[str, str], content: bytes) -> _Label:
    return _Label(dict(of), len(content), hashlib.sha256(content).hexdigest())
