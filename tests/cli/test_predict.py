from pathlib import Path

import msgspec
import pytest

from blackthorn.cli import model_choice
from blackthorn.cli.model_choice import this_device
from blackthorn.cli.prediction_table import prediction_lines
from blackthorn.formulas import Correction, GaussianProcess
from blackthorn.layers import layer_kind
from blackthorn.records import MODEL_SCHEMA, Coverage, LayerPrediction, Prediction
from blackthorn.storage import read_model, write_model
from tests.cli.conftest import Say
from tests.networks import light_networks, write_network

RESNET = str(light_networks()["light_resnet50"])
MODEL = Path("fitted_models/simulated-board.json")
OPEN_NETWORK = """
(float[batch, 64, 32, 32] data, float[96, 64, 3, 3] weights) => (float[n, c, h, w] y)
{ a = Conv<kernel_shape=[3, 3], pads=[1, 1, 1, 1]>(data, weights)  y = Relu(a) }
"""


@pytest.fixture(autouse=True)
def nothing_shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No model comes with blackthorn, whatever the repository holds by now."""
    monkeypatch.setattr(model_choice, "shipped_models", lambda: tmp_path / "shipped")


def test_every_convolution_is_listed_with_latency_share_and_source(fitted: Say) -> None:
    said = fitted(f"predict {RESNET} --device board")
    assert said.code == 0
    lines = said.out.splitlines()
    assert lines[0] == "light_resnet50 on simulated-board"
    rows = [line for line in lines if " conv2d " in line]
    assert len(rows) == 53
    assert all(" ms " in row or " us " in row for row in rows)
    assert all(row.endswith(("fitted", "extrapolated")) for row in rows)
    assert "n0     conv2d  filters=64 channels=3 height=224 kernel=7 stride=2" in said.out


def test_what_is_unknown_is_listed_and_said_to_be_missing_from_the_total(fitted: Say) -> None:
    lines = fitted(f"predict {RESNET} --device board").out.splitlines()
    (dense,) = (line.split() for line in lines if line.startswith("dense"))
    assert dense == ["dense", "1", "0.1", "%"]
    (title,) = (place for place, line in enumerate(lines) if line.split() == ["unknown", "layers", "of", "all", "MACs"])
    unknown = [line.split() for line in lines[title + 1 :]]
    counted = sum(int(words[1]) for words in unknown[: unknown.index([])])
    assert lines[-4].endswith(f"over 53 of {53 + counted} layers")
    assert lines[-3].startswith("coverage: ")
    assert lines[-2] == f"the total leaves out {counted} layers that no formula covers, with 0.1 % of the MACs"


def test_top_lists_the_slowest_layers_first(fitted: Say) -> None:
    every = fitted(f"predict {RESNET} --device board --json").json["layers"]
    slowest = sorted((layer["latency_ms"] for layer in every if layer["latency_ms"] is not None), reverse=True)
    lines = fitted(f"predict {RESNET} --device board --top 4").out.splitlines()
    rows = [line.split() for line in lines if " conv2d " in line]
    assert len(rows) == 4
    assert [float(row[row.index("%") - 3]) for row in rows] == pytest.approx([ms * 1e3 for ms in slowest[:4]], rel=0.01)
    assert "... and 49 faster layers" in lines


def test_programs_get_all_layers_the_unknown_ones_too(fitted: Say) -> None:
    found = fitted(f"predict {RESNET} --device board --json").json
    assert found.keys() >= {"schema", "model", "device", "latency_ms", "coverage", "layers"}
    assert found["coverage"].keys() == {"fitted", "extrapolated", "unknown"}
    known = [layer for layer in found["layers"] if layer["source"] != "unknown"]
    assert len(known) == 53 < len(found["layers"])
    assert sum(layer["latency_ms"] for layer in known) == pytest.approx(found["latency_ms"])
    assert all(layer["latency_ms"] is None for layer in found["layers"] if layer["source"] == "unknown")


def test_corrections_can_be_left_out(fitted: Say) -> None:
    model = read_model(MODEL)
    (group,) = model.layers
    twice = Correction((), GaussianProcess(("filters",), 1, (1e6,), ((64,),), (1.0,)), (), 10.0)
    write_model(MODEL, msgspec.structs.replace(model, layers=(msgspec.structs.replace(group, correction=twice),)))
    corrected, alone = (fitted(f"predict {RESNET} --device board {option} --json").json for option in ("", "--formula-only"))
    assert corrected["layers_ms"] == pytest.approx(2.0 * alone["layers_ms"], rel=1e-3)


def test_the_same_file_gives_the_same_answer_twice(fitted: Say) -> None:
    first, second = (fitted(f"predict {RESNET} --device board --json").out for _ in range(2))
    assert first == second


def test_without_a_device_it_is_this_machines_model(fitted: Say) -> None:
    MODEL.write_text(MODEL.read_text().replace("simulated-board", this_device()))
    assert fitted(f"predict {RESNET} --json").json["device"] == this_device()
    MODEL.rename(MODEL.with_name(f"{this_device()}.json"))
    assert fitted(f"predict {RESNET} --json").json["device"] == this_device()


def test_without_a_model_of_this_machine_it_names_those_found_and_how_to_make_one(fitted: Say) -> None:
    refusal = fitted(f"predict {RESNET}").refusal
    assert this_device() in refusal
    assert "--device (simulated-board)" in refusal
    assert "blackthorn sweep" in refusal
    MODEL.unlink()
    assert "--device" not in fitted(f"predict {RESNET}").refusal


def test_an_open_shape_is_asked_for_and_taken(fitted: Say, tmp_path: Path) -> None:
    network = write_network(tmp_path, OPEN_NETWORK)
    assert "--input-shape data=1,64,32,32" in fitted(f"predict {network} --device board").refusal
    found = fitted(f"predict {network} --device board --input-shape data=1,64,32,32 --json").json
    conv, relu = found["layers"]
    assert conv["latency_ms"] == pytest.approx(0.2 + 0.05 * 2)
    assert conv["source"] == "fitted"
    assert relu["source"] == "unknown"


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("predict nowhere.onnx --device board", "cannot read nowhere.onnx"),
        ("predict . --device board", "is a folder"),
        ("predict board.json --device board", "no ONNX file"),
        (f"predict {RESNET} --device bord", "there is no fitted model named 'bord'"),
        (f"predict {RESNET} --device nowhere.json", "there is no file nowhere.json"),
        (f"predict {RESNET} --device board --input-shape dat=1,3,224,224", "no input"),
        (f"predict {RESNET} --device board --input-shape 1,3,224,224", "NAME=VALUE"),
        (f"predict {RESNET} --device board --top 0", "--top"),
    ],
)
def test_what_cannot_be_predicted_is_refused_in_one_sentence(fitted: Say, line: str, complaint: str) -> None:
    assert complaint in fitted(line).refusal


def test_a_truncated_network_is_refused(fitted: Say) -> None:
    content = Path(RESNET).read_bytes()
    Path("cut.onnx").write_bytes(content[: len(content) // 2])
    assert "cut.onnx" in fitted("predict cut.onnx --device board").refusal


def test_a_model_of_a_newer_schema_asks_for_an_update(fitted: Say) -> None:
    MODEL.write_text(MODEL.read_text().replace(f'"schema": {MODEL_SCHEMA}', '"schema": 99'))
    assert "pip install --upgrade blackthorn" in fitted(f"predict {RESNET} --device {MODEL}").refusal


def test_a_network_of_which_nothing_is_known_has_no_table_and_says_so() -> None:
    layer = LayerPrediction("a", "Gemm", None, "unknown", None, 100)
    lines = list(prediction_lines(Prediction("net", "board", 0.0, Coverage(0.0, 0.0, 1.0), (layer,))))
    assert lines[-4].endswith("over 0 of 1 layers")
    assert lines[-2] == "the total leaves out 1 layer that no formula covers, with 100.0 % of the MACs"


def test_a_long_name_is_shortened_and_a_tiny_share_is_not_nothing() -> None:
    dimensions = layer_kind("conv2d").complete({})
    name = "/model/backbone/stage1/block0/" * 4 + "conv1"
    layers = (
        LayerPrediction(name, "conv2d", 1e-6, "fitted", dimensions, 1),
        LayerPrediction("b", "conv2d", 1e-2, "fitted", dimensions, 1),
    )
    text = "\n".join(prediction_lines(Prediction("net", "board", 0.010001, Coverage(1.0, 0.0, 0.0), layers)))
    assert "/model/" in text
    assert "conv1" in text
    assert name not in text
    assert "< 0.1 %" in text
    assert "leaves out" not in text


def test_loops_and_branches_are_told() -> None:
    dimensions = layer_kind("relu").complete({})
    layers = (
        LayerPrediction("loop/a", "relu", 8e-5, "fitted", dimensions, 0, 80),
        LayerPrediction("if/else_branch/b", "relu", 0.0, "fitted", dimensions, 0, 0),
        LayerPrediction("if/else_branch/c", "Gone", None, "unknown", None, 0, 0),
        LayerPrediction("open", "Loop", None, "unknown", None, 100),
    )
    lines = list(prediction_lines(Prediction("net", "board", 8e-5, Coverage(1.0, 0.0, 1.0), layers)))
    text = "\n".join(lines)
    assert "80 x relu" in text
    assert "else_branch" not in text
    assert "Gone" not in text
    assert "how often the body of a loop listed here runs is decided by data; its MACs are those of one pass" in lines
    assert "of branches that data choose between, the one with most work is counted, and 2 layers of others are not" in lines
