"""Schema numbers, upgrades, and the JSON Schemas that describe our files to other tools."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

from blackthorn.errors import BadFile, BadValue, UnknownName
from blackthorn.formulas import KINDS, Constant, Hinge, Linear, Missed
from blackthorn.records import FittedModel, Measurement, Reference, SweepHeader
from blackthorn.storage import DESCRIBED, json_schema, open_sweep, read_model, read_sweep, write_model
from blackthorn.storage.upgrades import UPGRADES
from tests.examples import a_header, a_measurement, a_model, a_probe
from tests.strategies import QUICK, fitted_models


def model_file(path: Path, **changes: object) -> Path:
    write_model(path, a_model())
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | changes))
    return path


def sweep_file(path: Path, schema: int, **old: object) -> Path:
    """A sweep of one point; `old` goes into its measurement."""
    header = msgspec.to_builtins(a_header()) | {"schema": schema}
    measurement = msgspec.to_builtins(a_measurement(1)) | old
    path.write_bytes(b"".join(msgspec.json.encode(line) + b"\n" for line in (header, measurement)))
    return path


CONSTANT = {"kind": "constant", "value": 2.0}
UPDATE = r"update blackthorn with: pip install --upgrade blackthorn\.$"
NEWER = rf"by a newer blackthorn \(schema 99, this one knows (5|10)\); {UPDATE}"


def test_newer_files_say_what_to_update(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=NEWER):
        read_model(model_file(tmp_path / "model.json", schema=99, layers="in a way yet unknown"))
    path = sweep_file(tmp_path / "sweep.jsonl", schema=99)
    with pytest.raises(BadFile, match=NEWER):
        read_sweep(path)
    with pytest.raises(BadFile, match=NEWER):
        open_sweep(path, a_header())


@pytest.mark.parametrize("schema", [0, -1, -(10**30)])
def test_schemas_that_never_were(tmp_path: Path, schema: int) -> None:
    with pytest.raises(BadFile, match=f"model.json cannot be read: schema {schema} is not known"):
        read_model(model_file(tmp_path / "model.json", schema=schema))
    with pytest.raises(BadFile, match=f"sweep.jsonl cannot be read: schema {schema} is not known"):
        read_sweep(sweep_file(tmp_path / "sweep.jsonl", schema=schema))


def test_a_file_without_a_schema_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.json"
    path.write_bytes(msgspec.json.encode({"device": {}}))
    with pytest.raises(BadFile, match="schema"):
        read_model(path)


def test_older_models_are_upgraded_step_by_step(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def from_two_ago(data: dict[str, Any]) -> dict[str, Any]:
        return data | {"author": data.pop("writer")}

    def from_one_ago(data: dict[str, Any]) -> dict[str, Any]:
        return data | {"made_by": data.pop("author")}

    monkeypatch.setitem(UPGRADES[FittedModel], -1, from_two_ago)
    monkeypatch.setitem(UPGRADES[FittedModel], 0, from_one_ago)
    path = model_file(tmp_path / "model.json", schema=-1, writer="blackthorn 0.0.1")
    model = read_model(path)
    assert model == msgspec.structs.replace(a_model(), made_by="blackthorn 0.0.1")


KEY = a_probe(16).key
FORMER = msgspec.structs.replace(a_probe(16), footprint=16)
"""A reference as it was timed before there were footprints."""


@pytest.mark.parametrize(("key", "seconds"), [(None, None), (None, 1e-3), (KEY, None), (KEY, 1e-3)])
def test_the_one_reference_of_old_models_becomes_that_of_each_class(
    tmp_path: Path, key: str | None, seconds: float | None
) -> None:
    (layer,) = read_model(model_file(tmp_path / "old.json", schema=1, reference=key, reference_seconds=seconds)).layers
    known = key is not None and seconds is not None
    assert layer.reference == (Reference(FORMER, 1e-3) if known else None)


def test_corrections_of_old_models_reach_as_far_along_every_dimension(tmp_path: Path) -> None:
    layers = msgspec.to_builtins(a_model())["layers"]
    old = {
        "dimensions": ["filters", "channels"],
        "divisor": 1,
        "length": 2.0,
        "points": [[1, 2]],
        "weights": [0.1],
        "without": 5.0,
    }
    (layer,) = read_model(model_file(tmp_path / "old.json", schema=4, layers=[layers[0] | {"correction": old}])).layers
    assert layer.correction is not None
    assert layer.correction.process is not None
    assert layer.correction.process.lengths == (2.0, 2.0)
    assert layer.correction.trees == ()
    assert layer.correction.alternatives == ()
    assert layer.correction.without == 5.0
    spoilt = [layers[0] | {"correction": {"dimensions": 3}}]
    with pytest.raises(BadFile, match=r"old.json"):
        read_model(model_file(tmp_path / "old.json", schema=4, layers=spoilt))


def test_what_floods_a_cache_in_old_models_misses_it(tmp_path: Path) -> None:
    layers = msgspec.to_builtins(a_model())["layers"]
    still = {"kind": "hinge", "dimension": "filters", "knot": 3, "base": CONSTANT, "slope": CONSTANT, "floods": False}
    old = {"kind": "hinge", "dimension": "filters", "knot": 100, "base": still, "slope": CONSTANT, "floods": True}
    (layer,) = read_model(model_file(tmp_path / "old.json", schema=9, layers=[layers[0] | {"formula": old}])).layers
    within = Hinge("filters", 3, Constant(2.0), Constant(2.0))
    assert layer.formula == Missed("filters", 100, within, Linear("filters", Constant(0.0), Constant(2.0)))
    assert layer.formula.evaluate({"filters": 200}) == 2.0 + 197 * 2.0 + 150 * 2.0
    spoilt = [layers[0] | {"formula": {"kind": "hinge", "floods": True}}]
    with pytest.raises(BadFile, match=r"old.json"):
        read_model(model_file(tmp_path / "old.json", schema=9, layers=spoilt))


def test_corrections_of_old_models_know_no_other_formulas(tmp_path: Path) -> None:
    layers = msgspec.to_builtins(a_model())["layers"]
    tree = {"questions": [{"dimension": "filters", "condition": {"kind": "at_most", "threshold": 9}}], "values": [0.1, 0.2]}
    old = {"process": None, "trees": [tree], "without": 5.0}
    (layer,) = read_model(model_file(tmp_path / "old.json", schema=8, layers=[layers[0] | {"correction": old}])).layers
    assert layer.correction is not None
    assert layer.correction.alternatives == ()
    assert [tree.values for tree in layer.correction.trees] == [(0.1, 0.2)]


def test_the_reference_of_old_sweeps_was_a_key(tmp_path: Path) -> None:
    path = tmp_path / "old.jsonl"
    header = msgspec.to_builtins(a_header()) | {"schema": 1, "reference": KEY}
    path.write_bytes(msgspec.json.encode(header) + b"\n")
    assert read_sweep(path).header.reference == FORMER


def test_references_of_old_models_are_timed_as_they_were(tmp_path: Path) -> None:
    layers = msgspec.to_builtins(a_model())["layers"]
    reference = {"probe": msgspec.to_builtins(a_probe(16)), "seconds": 1e-3}
    old = [layers[0] | {"reference": known} for known in (reference, None)]
    with_one, without = read_model(model_file(tmp_path / "old.json", schema=6, layers=old)).layers
    assert with_one.reference == Reference(FORMER, 1e-3)
    assert without.reference is None
    for spoilt in ({"probe": 3}, 3):
        with pytest.raises(BadFile, match=r"old.json"):
            read_model(model_file(tmp_path / "old.json", schema=6, layers=[layers[0] | {"reference": spoilt}]))


def test_sweeps_from_before_points_were_graded_as_throttled_are_read_as_they_are(tmp_path: Path) -> None:
    (measurement,) = read_sweep(sweep_file(tmp_path / "old.jsonl", schema=2)).measurements
    assert measurement == a_measurement(1)


@pytest.mark.parametrize(
    "key", ["conv2d fp32 filters", "conv2d fp32 filters=x", "conv2d fp32 filters=" + "9" * 5000, "conv2d", ""]
)
def test_a_reference_that_is_none_is_refused(tmp_path: Path, key: str) -> None:
    with pytest.raises(BadFile, match=r"old.json cannot be read"):
        read_model(model_file(tmp_path / "old.json", schema=1, reference=key, reference_seconds=1e-3))


@pytest.mark.parametrize("layers", [{}, [1], None])
def test_old_models_whose_layers_are_none_are_refused(tmp_path: Path, layers: object) -> None:
    with pytest.raises(BadFile, match="layers are not a list of formulas"):
        read_model(model_file(tmp_path / "old.json", schema=1, layers=layers))


def milliseconds_to_seconds(data: dict[str, Any]) -> dict[str, Any]:
    if not isinstance(data.get("ms"), float):
        raise BadFile("a measurement has no ms", "take another file")
    return data | {"seconds": data["ms"] / 1e3}


@pytest.fixture
def _old_sweeps_known(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(UPGRADES[SweepHeader], 0, dict)
    monkeypatch.setitem(UPGRADES[Measurement], 0, milliseconds_to_seconds)


@pytest.mark.usefixtures("_old_sweeps_known")
def test_older_sweeps_are_upgraded_line_by_line(tmp_path: Path) -> None:
    sweep = read_sweep(sweep_file(tmp_path / "sweep.jsonl", schema=0, ms=7.5))
    assert sweep.header == a_header()
    assert [measurement.seconds for measurement in sweep.measurements] == [7.5e-3]
    with pytest.raises(BadFile, match=r"line 2 of .*sweep.jsonl cannot be read: a measurement has no ms; take another file"):
        read_sweep(sweep_file(tmp_path / "sweep.jsonl", schema=0))


@pytest.mark.usefixtures("_old_sweeps_known")
def test_an_older_sweep_is_not_continued_in_two_schemas(tmp_path: Path) -> None:
    path = sweep_file(tmp_path / "sweep.jsonl", schema=0, ms=7.5)
    before = path.read_bytes()
    with pytest.raises(BadFile, match="older blackthorn"):
        open_sweep(path, a_header())
    assert path.read_bytes() == before


def references(part: object) -> list[str]:
    if isinstance(part, dict):
        own = [part["$ref"]] if isinstance(part.get("$ref"), str) else []
        return own + [ref for inner in part.values() for ref in references(inner)]
    return [ref for inner in part for ref in references(inner)] if isinstance(part, list) else []


@pytest.mark.parametrize("what", DESCRIBED)
def test_a_json_schema_holds_all_that_it_refers_to(what: str) -> None:
    schema = json_schema(what)
    assert schema["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert schema["title"].startswith(f"blackthorn {what.replace('-', ' ')}")
    assert schema["$ref"] == f"#/$defs/{DESCRIBED[what].__name__}"
    assert {ref.removeprefix("#/$defs/") for ref in references(schema)} <= set(schema["$defs"])
    assert msgspec.json.decode(msgspec.json.encode(schema)) == schema


def test_the_schema_of_a_model_describes_every_kind_of_formula() -> None:
    parts = json_schema("fitted-model")["$defs"]
    formula = parts["LayerFormula"]["properties"]["formula"]["anyOf"]
    assert [entry["$ref"] for entry in formula] == [f"#/$defs/{kind.__name__}" for kind in KINDS.values()]
    for tag, kind in KINDS.items():
        assert parts[kind.__name__]["properties"]["kind"] == {"enum": [tag]}


@QUICK
@given(fitted_models())
def test_models_have_what_their_schema_requires(model: FittedModel) -> None:
    data = msgspec.json.decode(msgspec.json.encode(model))
    parts = json_schema("fitted-model")["$defs"]
    for record, name in [
        (data, "FittedModel"),
        (data["device"], "Device"),
        *((layer, "LayerFormula") for layer in data["layers"]),
    ]:
        assert set(parts[name]["required"]) <= set(record) <= set(parts[name]["properties"])


def test_an_unknown_schema_is_named_with_the_nearest() -> None:
    with pytest.raises(UnknownName, match="did you mean 'fitted-model'"):
        json_schema("fited-model")


def test_an_unfit_model_is_no_matter_of_schemas(tmp_path: Path) -> None:
    (layer,) = a_model().layers
    standing = msgspec.structs.replace(layer, reference=Reference(a_probe(1), 0.0))
    with pytest.raises(BadValue, match=r"its reference takes 0\.0 seconds"):
        write_model(tmp_path / "model.json", msgspec.structs.replace(a_model(), layers=(standing,)))
