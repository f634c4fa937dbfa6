"""Fitted models: one JSON file a device, written as a whole, laid out for people to read."""

from collections.abc import Iterable
from pathlib import Path

import msgspec

from blackthorn.errors import BadFile, BadValue
from blackthorn.records import FittedModel
from blackthorn.storage.codec import read_record, schema_of
from blackthorn.storage.disk import read_bytes, read_errors, write_atomically
from blackthorn.storage.faults import model_faults
from blackthorn.storage.places import safe_name, shipped

_REMEDY = "make it again with: blackthorn fit"


def model_path(folder: Path, device_name: str) -> Path:
    """The file of a device's fitted model."""
    return folder / f"{safe_name(device_name)}.json"


def write_model(path: Path, model: FittedModel) -> None:
    """Write a fitted model in place of the one that was there; keys stand in the order of the records and of their dicts.

    Raises:
        BadValue: the model holds a number that cannot be.
        CannotWrite: the file cannot be written; the one that was there stays as it is.
    """
    for fault in model_faults(model):
        raise BadValue(f"the fitted model of {model.device.name} cannot be kept: {fault}", "fit it to other sweeps")
    write_atomically(path, msgspec.json.format(msgspec.json.encode(model), indent=2) + b"\n")


def read_model(path: Path) -> FittedModel:
    """The fitted model in a file.

    Raises:
        BadFile: there is none, or it is damaged, or made by a newer blackthorn.
    """
    text, place = read_bytes(path), f"the fitted model {path}"
    schema = schema_of(text, FittedModel, place, _REMEDY)
    model = read_record(text, FittedModel, place, schema, _REMEDY)
    for fault in model_faults(model):
        raise BadFile(f"{place} cannot be right: {fault}", _REMEDY)
    return model


def find_models(folders: Iterable[Path]) -> list[Path]:
    """The files that may be fitted models in these folders, in the order of the folders and sorted within each.

    A folder that is not there holds none: the places where models are looked for need not all exist.
    """
    found: dict[Path, Path] = {}
    for folder in folders:
        with read_errors(folder):
            for path in sorted(folder.glob("*.json")) if folder.is_dir() else ():
                found.setdefault(path.resolve(), path)
    return list(found.values())


def shipped_models() -> Path:
    """The folder of the fitted models that come with blackthorn."""
    return shipped("fitted_models")
