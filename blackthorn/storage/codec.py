"""JSON text to records: types checked, older schemas upgraded, every complaint a sentence that names the place."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec

from blackthorn.errors import BadFile, BlackthornError
from blackthorn.formulas import decode_formula
from blackthorn.records import MODEL_SCHEMA, PRESET_SCHEMA, SWEEP_SCHEMA, FittedModel, Measurement, Preset, SweepHeader
from blackthorn.storage.upgrades import UPGRADES, JsonObject

RecordT = TypeVar("RecordT")

SCHEMAS: dict[type, int] = {
    SweepHeader: SWEEP_SCHEMA,
    Measurement: SWEEP_SCHEMA,
    FittedModel: MODEL_SCHEMA,
    Preset: PRESET_SCHEMA,
}
"""The schema number that this blackthorn writes, by record."""

REMEDY = "take the file from where it was made once more, or delete it"


class _Stamp(msgspec.Struct, frozen=True):
    schema: int


def read_record(text: bytes, kind: type[RecordT], place: str, schema: int, remedy: str = REMEDY) -> RecordT:
    """A record from its JSON, as it stands in a file of this schema.

    Args:
        place: where the text stands, for messages: the file and, where it has several, the line.
        remedy: what to do where the text is damaged.

    Raises:
        BadFile: the text is not JSON, or not such a record, or of a schema that cannot be upgraded.
    """
    with _complaints(place, remedy):
        if schema == SCHEMAS[kind]:
            return msgspec.json.decode(text, type=kind, dec_hook=decode_formula)
        return _upgraded(msgspec.json.decode(text, type=dict[str, Any]), kind, schema)


def schema_of(text: bytes, kind: type, place: str, remedy: str = REMEDY) -> int:
    """The schema number in the JSON of a header or a fitted model.

    Raises:
        BadFile: there is none, or it is one that only a newer blackthorn knows.
    """
    with _complaints(place, remedy):
        schema = msgspec.json.decode(text, type=_Stamp).schema
    if schema > SCHEMAS[kind]:
        raise BadFile(
            f"{place} was made by a newer blackthorn (schema {schema}, this one knows {SCHEMAS[kind]})",
            "update blackthorn with: pip install --upgrade blackthorn",
        )
    return schema


def is_json(text: bytes) -> bool:
    """Whether a text is JSON of any kind; half a record never is."""
    try:
        msgspec.json.decode(text)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False
    return True


def _upgraded(data: JsonObject, kind: type[RecordT], schema: int) -> RecordT:
    """A record of an older schema, brought to the present one step by step."""
    for older in range(schema, SCHEMAS[kind]):
        if older not in UPGRADES[kind]:
            raise BadFile(f"schema {older} is not known", "use a file that blackthorn wrote")
        data = UPGRADES[kind][older](data)
    return msgspec.convert({**data, "schema": SCHEMAS[kind]}, kind, dec_hook=decode_formula)


@contextmanager
def _complaints(place: str, remedy: str) -> Iterator[None]:
    """Names the place in whatever goes wrong while a text is decoded."""
    try:
        yield
    except RecursionError as error:
        raise BadFile(f"{place} is nested too deeply", remedy) from error
    except UnicodeDecodeError as error:
        raise BadFile(f"{place} is not UTF-8 text", remedy) from error
    except msgspec.DecodeError as error:
        raise BadFile(f"{place} cannot be read: {str(error).rstrip('.')}", remedy) from error
    except BlackthornError as error:
        raise BadFile(f"{place} cannot be read: {error.problem}", error.remedy) from error
