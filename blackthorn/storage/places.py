"""Where files lie and what they are called."""

import re
from collections.abc import Iterable
from pathlib import Path

import blackthorn
from blackthorn.errors import BadFile
from blackthorn.storage.disk import read_errors

_LONGEST_NAME = 120
"""Characters of a name; file systems take 255 bytes, of which an ending and a temporary name need some."""


def safe_name(name: str) -> str:
    """A name as it can stand in a path on any system: letters, digits and `._+-`, no dot or dash at its ends."""
    plain = re.sub(r"[^A-Za-z0-9._+-]+", "-", name)[:_LONGEST_NAME]
    return plain.strip(".-") or "device"


def device_folder(folder: Path, device_name: str) -> Path:
    """The folder that holds one device's sweeps."""
    return folder / safe_name(device_name)


def find_sweeps(folders: Iterable[Path]) -> list[Path]:
    """The sweep files in folders and all folders below, sorted, each once; a file given by its path is taken as it is.

    Empty files are left out: a sweep that was killed before its first line.

    Raises:
        BadFile: a folder is not there, or none holds a sweep.
    """
    asked = list(folders)
    found: dict[Path, Path] = {}
    for folder in asked:
        for path in _sweeps_below(folder):
            found.setdefault(path.resolve(), path)
    if not found:
        raise BadFile(
            f"no sweep (*.jsonl) in {', '.join(map(str, asked)) or 'no folder'}",
            "make one with: blackthorn sweep conv2d --dim filters",
        )
    return sorted(found.values())


def _sweeps_below(folder: Path) -> list[Path]:
    with read_errors(folder):
        if folder.is_file():
            return [folder]
        if not folder.is_dir():
            raise BadFile(f"there is no folder {folder}", "check the path")
        return [path for path in folder.rglob("*.jsonl") if path.is_file() and path.stat().st_size > 0]


def shipped(folder: str) -> Path:
    """A folder of files that come with blackthorn: inside the package, or beside it in the repository."""
    package = Path(blackthorn.__file__).parent
    inside = package / folder
    return inside if inside.is_dir() else package.parent / folder
