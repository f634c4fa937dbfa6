"""How files of older schemas become files of the present one, a step at a time.

An upgrade is handed any JSON object at all, and raises `BadFile` for one that it cannot read.
"""

from collections.abc import Callable
from typing import Any

from blackthorn.errors import BadFile
from blackthorn.records import FittedModel, Measurement, Preset, SweepHeader

JsonObject = dict[str, Any]
Upgrade = Callable[[JsonObject], JsonObject]

FORMER_FOOTPRINT = 16
"""MiB of weights that copies had at most before there were footprints; most had 8."""
MOST_DIGITS = 10
"""Of a dimension: more than any that a runtime can index has."""


def _spelled_reference(header: JsonObject) -> JsonObject:
    """Schema 1 to 2: the reference was the key of a probe, and is the probe."""
    return {**header, "reference": _probe(header.get("reference"))}


def _reference_of_each_class(model: JsonObject) -> JsonObject:
    """Schema 1 to 2: there was one reference for all classes, and each has its own."""
    probe, seconds = _probe(model.get("reference")), model.get("reference_seconds")
    reference = None if probe is None or seconds is None else {"probe": probe, "seconds": seconds}
    kept = {name: value for name, value in model.items() if name not in ("reference", "reference_seconds")}
    return {**kept, "layers": [{**layer, "reference": reference} for layer in _formulas_of(model)]}


def _length_of_each_dimension(model: JsonObject) -> JsonObject:
    """Schema 4 to 5: a correction reached as far along every dimension, and reaches as far as is told of each."""
    return _with_corrections(model, _with_lengths)


def _with_lengths(correction: JsonObject) -> JsonObject:
    dimensions = correction.get("dimensions")
    kept = {name: value for name, value in correction.items() if name != "length"}
    return {**kept, "lengths": [correction.get("length")] * len(dimensions if isinstance(dimensions, list) else ())}


def _small_reference(header: JsonObject) -> JsonObject:
    """Schema 3 to 4: layers were timed with fewer copies, whose weights caches kept as they keep those of a small network."""
    return {**header, "reference": _small(header.get("reference"))}


def _small_reference_of_each_class(model: JsonObject) -> JsonObject:
    """Schema 6 to 7: the same of the references of formulas."""
    layers = _formulas_of(model)
    references = [layer.get("reference") for layer in layers]
    small = [{**known, "probe": _small(known.get("probe"))} if isinstance(known, dict) else known for known in references]
    return {**model, "layers": [{**layer, "reference": known} for layer, known in zip(layers, small, strict=True)]}


def _small(probe: object) -> object:
    """A probe within the footprint that copies had together."""
    return {**probe, "footprint": FORMER_FOOTPRINT} if isinstance(probe, dict) else probe


def _correction_of_parts(model: JsonObject) -> JsonObject:
    """Schema 7 to 8: a correction was a Gaussian process, and has one and trees beside it."""
    return _with_corrections(model, _with_parts)


def _with_parts(correction: JsonObject) -> JsonObject:
    process = {name: value for name, value in correction.items() if name != "without"}
    return {"process": process, "trees": [], "without": correction.get("without")}


def _correction_with_alternatives(model: JsonObject) -> JsonObject:
    """Schema 8 to 9: a correction said nothing of other formulas."""
    return _with_corrections(model, lambda correction: {"alternatives": [], **correction})


def _misses_of_any_sort(record: JsonObject) -> JsonObject:
    """Schema 9 to 10: hinges flooded caches by the byte; now a share misses, of whatever there is."""
    upgraded = {name: _misses_within(value) for name, value in record.items()}
    floods = upgraded.pop("floods", False) if upgraded.get("kind") == "hinge" else False
    if not floods:
        return upgraded
    slope, dimension = upgraded.pop("slope", None), upgraded.get("dimension")
    every = {"kind": "linear", "dimension": dimension, "base": {"kind": "constant", "value": 0.0}, "slope": slope}
    return {**upgraded, "kind": "missed", "missed": every}


def _misses_within(value: object) -> object:
    """Any JSON value with the formulas in it upgraded."""
    if isinstance(value, list):
        return [_misses_within(one) for one in value]
    return _misses_of_any_sort(value) if isinstance(value, dict) else value


def _with_corrections(model: JsonObject, upgrade: Upgrade) -> JsonObject:
    """The model with the corrections of all formulas that have one upgraded."""
    layers = _formulas_of(model)
    corrections = [layer.get("correction") for layer in layers]
    upgraded = [upgrade(known) if isinstance(known, dict) else known for known in corrections]
    pairs = zip(layers, upgraded, strict=True)
    return {**model, "layers": [{**layer, "correction": known} if "correction" in layer else layer for layer, known in pairs]}


def _formulas_of(model: JsonObject) -> list[JsonObject]:
    layers = model.get("layers")
    if not isinstance(layers, list) or not all(isinstance(layer, dict) for layer in layers):
        raise BadFile("its layers are not a list of formulas", "make it again with: blackthorn fit")
    return layers


def _probe(key: object) -> JsonObject | None:
    """A probe from its key, as in `conv2d fp32 channels=64 filters=64`; None where there was none."""
    if key is None:
        return None
    layer, *values = str(key).split(" ")
    precision, *values = values or [""]
    pairs = [value.partition("=") for value in values]
    if not all(number.isascii() and number.isdecimal() and len(number) <= MOST_DIGITS for _, _, number in pairs):
        raise BadFile(f"'{key}' is not the key of a probe", "take the file from where it was made once more")
    return {"layer": layer, "precision": precision, "dimensions": {name: int(number) for name, _, number in pairs}}


def _unchanged(record: JsonObject) -> JsonObject:
    """The record is the same in both schemas."""
    return record


UPGRADES: dict[type, dict[int, Upgrade]] = {
    SweepHeader: {1: _spelled_reference, 2: _unchanged, 3: _small_reference, 4: _unchanged},
    Measurement: {1: _unchanged, 2: _unchanged, 3: _unchanged, 4: _unchanged},
    FittedModel: {
        1: _reference_of_each_class,
        2: _unchanged,
        3: _unchanged,
        4: _length_of_each_dimension,
        5: _unchanged,
        6: _small_reference_of_each_class,
        7: _correction_of_parts,
        8: _correction_with_alternatives,
        9: _misses_of_any_sort,
    },
    Preset: {},
}
"""How to bring a record from a schema to the next one, by record and schema."""
