"""Fitted models: written as a whole or not at all, found again, and refused where they cannot be right."""

import errno
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given

import blackthorn
from blackthorn.errors import BadFile, BadValue, CannotWrite
from blackthorn.formulas import (
    Alternative,
    AtMost,
    Constant,
    Correction,
    Formula,
    GaussianProcess,
    Linear,
    ObliviousTree,
    Question,
    Step,
    Switch,
)
from blackthorn.records import BYTES_MOVED, CachedWeights, FittedModel
from blackthorn.storage import find_models, model_path, read_model, shipped_models, write_model
from tests.examples import a_model
from tests.strategies import QUICK, fitted_models


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "models" / "board.json"
    write_model(path, a_model())
    return path


def with_layer(**changes: Any) -> FittedModel:
    model = a_model()
    return msgspec.structs.replace(model, layers=(msgspec.structs.replace(model.layers[0], **changes),))


def rewrite(path: Path, change: dict[str, object]) -> None:
    path.write_bytes(msgspec.json.encode(msgspec.json.decode(path.read_bytes()) | change))


@QUICK
@given(fitted_models())
def test_a_model_round_trips(tmp_path: Path, model: FittedModel) -> None:
    path = tmp_path / "model.json"
    write_model(path, model)
    first = path.read_bytes()
    assert read_model(path) == model
    write_model(path, read_model(path))
    assert path.read_bytes() == first


def test_a_model_is_laid_out_for_people(path: Path) -> None:
    lines = path.read_text().splitlines()
    assert lines[:3] == ["{", '  "device": {', '    "name": "board-onnxruntime-1",']
    assert '      "text": "0.1 + (filters - 1) // 32 * (0.04 + channels * 0.002)",' in lines
    assert path.read_text().endswith("}\n")


def test_a_crash_while_writing_leaves_the_old_model(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()
    for step in ("fsync", "replace"):
        with monkeypatch.context() as patch:
            patch.setattr(os, step, full_disk)
            with pytest.raises(CannotWrite, match="no space left on device; free some space"):
                write_model(path, with_layer(points=3))
        assert path.read_bytes() == before
        assert [entry.name for entry in path.parent.iterdir()] == [path.name]


def full_disk(*_: object, **__: object) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def test_a_model_replaces_the_one_before(path: Path) -> None:
    write_model(path, with_layer(points=3))
    assert read_model(path).layers[0].points == 3


@pytest.mark.parametrize("where", ["file/model.json", "folder"])
def test_places_that_cannot_hold_a_model(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CannotWrite, match=r"cannot be written: .*; choose a"):
        write_model(tmp_path / where, a_model())
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["file", "folder"]


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"{}", b"\x80", b'{"schema": "1"}', b"[" * 100_000])
def test_what_is_no_model_is_refused(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    with pytest.raises(BadFile, match=r"the fitted model .*board.json .*; make it again with: blackthorn fit\.$"):
        read_model(path)


def test_places_that_hold_no_model(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no file"):
        read_model(tmp_path / "model.json")
    with pytest.raises(BadFile, match="is not a file"):
        read_model(tmp_path)


def nested(levels: int) -> Formula:
    formula: Formula = Constant(1.0)
    for _ in range(levels):
        formula = Linear("filters", Constant(1.0), formula)
    return formula


PROCESS = GaussianProcess(("filters",), 16, (2.0,), ((64,), (128,)), (0.1, -0.1))
TREE = ObliviousTree((Question("filters", AtMost(100)), Question(BYTES_MOVED, AtMost(2**20))), (0.1, -0.1, 0.2, 0.0))
OTHER = Alternative(Linear("filters", Constant(1e-4), Constant(1e-6)), 0.4)
CORRECTION = Correction((OTHER,), PROCESS, (TREE,), 9.0)


def spoilt(**change: object) -> dict[str, Any]:
    return {"correction": msgspec.structs.replace(CORRECTION, **change)}


def spoilt_process(**change: object) -> dict[str, Any]:
    return spoilt(process=msgspec.structs.replace(PROCESS, **change))


def spoilt_tree(**change: object) -> dict[str, Any]:
    return spoilt(trees=(TREE, msgspec.structs.replace(TREE, **change)))


def spoilt_alternative(**change: object) -> dict[str, Any]:
    return spoilt(alternatives=(OTHER, msgspec.structs.replace(OTHER, **change)))


WRONG: dict[str, dict[str, Any]] = {
    "saved is below nothing": {"saved": -1e-9},
    "range upside down": {"ranges": {"filters": (2, 1), "channels": (1, 2)}},
    "range from nothing": {"ranges": {"filters": (0, 1), "channels": (1, 2)}},
    "fixed at nothing": {"fixed": {"kernel": 0}},
    "no points": {"points": 0},
    "error below nothing": {"rmspe": -1.0},
    "error of timings below nothing": {"timing_error": -1.0},
    "left-out error below nothing": {"rmspe_cross_validated": -1.0},
    "dimension out of nowhere": {"formula": Linear("depth", Constant(1.0), Constant(1.0))},
    "size of a result of layers without it": {
        "formula": Linear("output_height", Constant(1.0), Constant(1.0)),
        "fixed": {"kernel": 1},
    },
    "width beyond any layer": {"formula": Step("filters", 2**40, Constant(1.0), Constant(1.0))},
    "formula too deep": {"formula": nested(64)},
    "correction over nothing": spoilt_process(dimensions=(), points=((), ())),
    "correction over a dimension out of nowhere": spoilt_process(dimensions=("depth",)),
    "correction with a weight too many": spoilt_process(weights=(0.1, 0.2, 0.3)),
    "correction with no points": spoilt_process(points=(), weights=()),
    "correction at a point of two dimensions": spoilt_process(points=((64,), (64, 3))),
    "correction where no layer is": spoilt_process(points=((0,), (64,))),
    "correction that divides by nothing": spoilt_process(divisor=0),
    "correction that reaches nowhere": spoilt_process(lengths=(0.0,)),
    "correction with a length too many": spoilt_process(lengths=(1.0, 2.0)),
    "correction of errors below nothing": spoilt(without=-1.0),
    "correction that says nothing": spoilt(alternatives=(), process=None, trees=()),
    "formula beside another without a weight": spoilt_alternative(weight=0.0),
    "formula beside another that counts against it": spoilt_alternative(weight=-0.5),
    "formula beside another that is more than all of them": spoilt_alternative(weight=1.5),
    "formula beside another with a dimension out of nowhere": spoilt_alternative(
        formula=Linear("depth", Constant(1.0), Constant(1.0))
    ),
    "formula beside another too deep": spoilt_alternative(formula=nested(64)),
    "tree with a value too few": spoilt_tree(values=(0.1, 0.2, 0.3)),
    "tree that asks nothing": spoilt_tree(questions=(), values=(0.1,)),
    "tree that asks too much": spoilt_tree(questions=17 * TREE.questions[:1], values=(0.0,) * 2**17),
    "tree of a dimension out of nowhere": spoilt_tree(questions=(Question("depth", AtMost(3)),), values=(0.1, 0.2)),
    "tree with a threshold beyond any layer": spoilt_tree(questions=(Question("filters", AtMost(2**40)),), values=(0.1, 0.2)),
}


def test_a_correction_is_kept_as_it_is(path: Path) -> None:
    write_model(path, with_layer(correction=CORRECTION))
    assert read_model(path).layers[0].correction == CORRECTION


def test_a_formula_may_speak_of_the_bytes_that_a_layer_moves(path: Path) -> None:
    formula = Switch(BYTES_MOVED, AtMost(2**26), Constant(1e-3), Constant(2e-3))
    write_model(path, with_layer(formula=formula))
    assert read_model(path).layers[0].formula == formula


def test_a_formula_may_speak_of_the_size_of_a_result_where_layers_have_such_a_size(path: Path) -> None:
    formula = Linear("output_height", Constant(1e-6), Constant(1e-6))
    write_model(path, with_layer(formula=formula, ranges={"height": (1, 9)}))
    assert read_model(path).layers[0].formula == formula


@pytest.mark.parametrize("fault", WRONG)
def test_a_model_that_cannot_be_is_neither_written_nor_read(path: Path, fault: str) -> None:
    model = with_layer(**WRONG[fault])
    before = path.read_bytes()
    with pytest.raises(BadValue, match=r"cannot be kept: .*layer formula 1, conv2d"):
        write_model(path, model)
    assert path.read_bytes() == before
    path.write_bytes(msgspec.json.encode(model))
    with pytest.raises(BadFile, match=r"cannot be right: .*layer formula 1, conv2d"):
        read_model(path)


@pytest.mark.parametrize(
    ("footprints", "kept", "fault"),
    [
        ((), (), "there are 0 footprints"),
        ((1, 2), (1.0,), "there are 2 footprints and 1 shares"),
        ((2, 1), (1.0, 0.0), "the footprints do not ascend"),
        ((0, 1), (1.0, 0.0), "the footprints do not ascend"),
        ((1, 2), (1.5, 0.0), "not a number from 0 to 1"),
    ],
)
def test_caches_that_cannot_be_are_refused(
    path: Path, footprints: tuple[int, ...], kept: tuple[float, ...], fault: str
) -> None:
    model = msgspec.structs.replace(with_layer(), cached=CachedWeights(footprints, kept))
    with pytest.raises(BadValue, match=fault):
        write_model(path, model)
    path.write_bytes(msgspec.json.encode(model))
    with pytest.raises(BadFile, match=fault):
        read_model(path)


@pytest.mark.parametrize(
    "change",
    [
        {"rmspe": float("nan")},
        {"rmspe_cross_validated": float("inf")},
        {"timing_error": float("nan")},
        {"residuals": (0.1, float("nan"))},
        spoilt_process(weights=(0.1, float("nan"))),
        spoilt_tree(values=(0.1, float("inf"), 0.2, 0.0)),
        {"formula": Constant(float("nan"))},
        {"formula": Linear("filters", Constant(1.0), Constant(float("inf")))},
    ],
    ids=str,
)
def test_json_has_no_nan_and_so_have_we(tmp_path: Path, change: dict[str, Any]) -> None:
    with pytest.raises(BadValue, match="cannot be kept"):
        write_model(tmp_path / "model.json", with_layer(**change))
    assert not any(tmp_path.iterdir())


def test_a_deep_formula_is_read_and_a_bottomless_one_refused(path: Path) -> None:
    deep = with_layer(formula=nested(63))
    write_model(path, deep)
    assert read_model(path) == deep
    constant = b'{"kind":"constant","value":1}'
    linear = b'{"kind":"linear","dimension":"filters","base":' + constant + b',"slope":'
    for levels in (64, 200, 1000, 100_000):
        bottomless = linear * levels + constant + b"}" * levels
        text = msgspec.json.encode(with_layer(formula=Constant(7.25)))
        path.write_bytes(text.replace(b'{"kind":"constant","value":7.25}', bottomless))
        with pytest.raises(BadFile, match="nested"):
            read_model(path)


@pytest.mark.parametrize("change", [{"unit": "ms"}, {"device": {}}], ids=str)
def test_wrong_units_and_devices_are_refused(path: Path, change: dict[str, object]) -> None:
    rewrite(path, change)
    with pytest.raises(BadFile, match=f"the fitted model .*{next(iter(change))}"):
        read_model(path)


def test_a_formula_of_unknown_kind_is_named(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"kind": "step"', b'"kind": "cubic"'))
    kinds = "border, constant, hinge, linear, missed, step, switch, tiles"
    with pytest.raises(BadFile, match=f"board.json cannot be read: .*'cubic'; use one of: {kinds}"):
        read_model(path)


def test_a_formula_that_cannot_be_is_refused_as_the_files_fault(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b'"width": 32', b'"width": 0'))
    with pytest.raises(BadFile, match=r"board.json cannot be read: a step along filters has width 0"):
        read_model(path)


def test_models_are_found(tmp_path: Path) -> None:
    for folder, names in {"mine": ["b", "a"], "theirs": ["a"]}.items():
        for name in names:
            write_model(model_path(tmp_path / folder, name), a_model())
    (tmp_path / "mine" / "notes.txt").write_text("")
    folders = [tmp_path / "theirs", tmp_path / "mine", tmp_path / "missing", tmp_path / "mine" / ".." / "mine"]
    assert find_models(folders) == [
        tmp_path / "theirs" / "a.json",
        tmp_path / "mine" / "a.json",
        tmp_path / "mine" / "b.json",
    ]


def test_shipped_models_are_in_the_package_or_beside_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert shipped_models() == Path(blackthorn.__file__).parent.parent / "fitted_models"
    package = tmp_path / "site-packages" / "blackthorn"
    (package / "fitted_models").mkdir(parents=True)
    monkeypatch.setattr(blackthorn, "__file__", str(package / "__init__.py"))
    assert shipped_models() == package / "fitted_models"
