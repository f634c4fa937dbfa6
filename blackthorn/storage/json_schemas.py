"""JSON Schemas of what stands in our files, for other tools to check against."""

from typing import Any

import msgspec

from blackthorn.errors import UnknownName
from blackthorn.formulas import KINDS, formula_schema
from blackthorn.records import FittedModel, Measurement, Preset, SweepHeader
from blackthorn.storage.codec import SCHEMAS

DIALECT = "https://json-schema.org/draft/2020-12/schema"

DESCRIBED: dict[str, type] = {
    "sweep-header": SweepHeader,
    "measurement": Measurement,
    "fitted-model": FittedModel,
    "preset": Preset,
}
"""What has a JSON Schema, by name."""


def json_schema(what: str) -> dict[str, Any]:
    """The JSON Schema of a sweep file's first line, of each further line, of a fitted model, or of a preset.

    Raises:
        UnknownName: `what` is not in `DESCRIBED`.
    """
    if what not in DESCRIBED:
        raise UnknownName("JSON schema", what, DESCRIBED)
    record = DESCRIBED[what]
    # A formula refers to its kinds by name alone, so msgspec has to be handed them beside the record.
    named = KINDS.values() if record is FittedModel else ()
    (root, *_), parts = msgspec.json.schema_components(
        [record, *named], schema_hook=formula_schema, ref_template="#/$defs/{name}"
    )
    title = f"blackthorn {what.replace('-', ' ')}, schema {SCHEMAS[record]}"
    schema: dict[str, Any] = {"$schema": DIALECT, "title": title, **root, "$defs": parts}
    # Defaults stand in it as Python values, tuples among them; once there and back they are what JSON has.
    return msgspec.json.decode(msgspec.json.encode(schema), type=dict[str, Any])
