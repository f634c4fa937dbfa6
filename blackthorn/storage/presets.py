"""Presets: one JSON file each, written by hand, naming the sweeps that characterise a device."""

from collections.abc import Mapping
from pathlib import Path

from blackthorn.errors import BadFile, UnknownName
from blackthorn.records import Preset
from blackthorn.storage.codec import read_record, schema_of
from blackthorn.storage.disk import read_bytes
from blackthorn.storage.places import shipped

_REMEDY = "mend it, or use one that comes with blackthorn: --preset cnn"


def shipped_presets() -> Mapping[str, Path]:
    """The presets that come with blackthorn, by name."""
    return {path.stem: path for path in sorted(shipped("sweeps").glob("*.json"))}


def find_preset(given: str) -> Preset:
    """The preset of a name, or in a file.

    Raises:
        UnknownName: no preset that comes with blackthorn has that name, and it is no file.
        BadFile: the file is no preset.
    """
    known = shipped_presets()
    if given not in known and not Path(given).is_file():
        raise UnknownName("preset", given, known)
    return read_preset(known.get(given, Path(given)))


def read_preset(path: Path) -> Preset:
    """The preset in a file.

    Raises:
        BadFile: there is none, or it is damaged, or it plans nothing.
    """
    text, place = read_bytes(path), f"the preset {path}"
    preset = read_record(text, Preset, place, schema_of(text, Preset, place, _REMEDY), _REMEDY)
    if not preset.sweeps or preset.minutes <= 0 or any(planned.points < 1 for planned in preset.sweeps):
        raise BadFile(f"{place} plans no sweep, no time or no points", _REMEDY)
    return preset
