"""`blackthorn import`, and what fit, show and predict make of what it wrote."""

import csv
from pathlib import Path

import pytest

from tests.cli.conftest import Say
from tests.importing.engines import LOG, compiled, convolution, tensor, write_engine
from tests.runners.optimised import save
from tests.runners.trt_profiles import FOLDER

DATA = FOLDER.parent
recorded = pytest.mark.skipif(not DATA.exists(), reason="the recorded timings are not beside the checkout")
CONV = "--kind conv2d --column filters=out --column channels=in --column seconds=us --unit us --at size=28"
NETWORK = """(float16[1,16,28,28] x, float16[32,16,3,3] W, float16[64,32,3,3] V) => (y) {
    a = Conv<pads=[1,1,1,1]>(x, W) b = Relu(a) c = Conv<pads=[1,1,1,1]>(b, V) y = Softmax(c) }"""


@pytest.fixture
def engine(say: Say) -> Say:
    """Runs command lines where an engine's files are at hand."""
    layers = [
        convolution("Conv_0", "Relu_1", filters=32),
        convolution("Conv_2", filters=64, channels=32),
        compiled("Softmax_3", "kgen", [tensor(1, 64, 28, 28)], tensor(1, 64, 28, 28), "Softmax_3"),
        compiled("shape_call", "shape_call", [], tensor(1)),
    ]
    write_engine(Path(), layers, [10.0, 20.0, 5.0, 2.0])
    Path("trtexec.log").write_text(LOG)
    return say


@pytest.fixture
def rows(say: Say) -> Say:
    """Runs command lines where a table of a staircase is at hand, every row twice."""
    with Path("times.csv").open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("board", "out", "in", "us"))
        for filters in range(8, 520, 8):
            for noise in (-1, 1):
                writer.writerow(("nano", filters, 64, 100 + (filters - 1) // 32 * 50 + noise))
        writer.writerow(("nano", "none", 64, 100))
        writer.writerow(("tx2", 8, 64, 7))
    return say


def test_a_profile_of_trtexec_is_imported_fitted_and_predicted(engine: Say) -> None:
    said = engine("import net.profile.json net.layers.json trtexec.log")
    assert said.code == 0, said.err
    assert said.out.startswith("orin-trtexec-imported: 2 of 4 layers, 2 points of 1 class")
    assert "not imported:" in said.out
    assert "2 us  shape_call: TensorRT lists it, and it computes nothing" in said.out
    assert "sum of all layers 37 us, of which 81.1 % is imported" in said.out
    assert "fit all sweeps with: blackthorn fit" in said.out
    assert engine("fit").code == 0
    assert "conv2d fp16 at height=28 kernel=3" in engine("show orin-trtexec-imported").out
    save(NETWORK, Path())
    predicted = engine(f"predict {next(Path().glob('*.onnx'))} --device orin-trtexec-imported --json").json
    assert [layer["kind"] for layer in predicted["layers"] if layer["source"] == "fitted"] == ["conv2d", "conv2d"]


def test_programs_read_the_same(engine: Say) -> None:
    found = engine("import net.profile.json net.layers.json --device-name orin --json").json
    assert (found["device"], found["runner"], found["layers"]) == ("orin", "trtexec", 4)
    assert found["latency_ms"] == pytest.approx(0.037)
    (sweep,) = found["sweeps"]
    assert sweep["axes"] == ["filters", "channels", "size"]
    assert Path(sweep["file"]).exists()
    assert [layer["name"] for layer in found["not_imported"]] == ["Softmax_3", "shape_call"]
    assert all(layer["why"] for layer in found["not_imported"])


def test_the_network_tells_more_layers(engine: Say) -> None:
    save(NETWORK, Path())
    network = next(Path().glob("*.onnx"))
    found = engine(f"import net.profile.json net.layers.json --device-name orin --json --model {network}").json
    assert [layer["name"] for layer in found["not_imported"]] == ["shape_call"]


def test_a_table_becomes_the_formula_that_is_in_it(rows: Say) -> None:
    said = rows(f"import times.csv {CONV} --where board=nano --device-name nano --detail clocks=locked --threads 2")
    assert said.out.startswith("nano: 128 of 129 layers, 64 points of 1 class")
    assert "row 130: 'none' under out is not a number" in said.out
    (path,) = Path("sweeps/nano").iterdir()
    assert '"clocks":"locked"' in path.read_text()
    assert '"threads":2' in path.read_text()
    assert rows("fit").code == 0
    assert "latency in ms = 0.1 + (filters - 1) // 32 * 0.05" in rows("show nano").out


def test_batches_are_classes_unless_they_are_told_to_move(rows: Say) -> None:
    line = f"import times.csv {CONV.replace('--column channels', '--at channels=64 --column batch')} --device-name nano --json"
    assert [sweep["fixed"].get("batch") for sweep in rows(line).json["sweeps"]] == [64]
    assert ["batch" in sweep["axes"] for sweep in rows(f"{line} --dim batch").json["sweeps"]] == [True]


@pytest.mark.parametrize(
    ("line", "why"),
    [
        ("times.csv --device-name nano", "what kind of layer the rows are; name it as in: --kind conv2d"),
        ("times.csv --kind conv2d --column seconds=us", "name the device as in: --device-name"),
        (f"times.csv {CONV} --device-name nano --column height=inn", "no column named 'inn'; did you mean 'in'"),
        (f"times.csv {CONV} --device-name nano --where bord=nano", "no column named 'bord'; did you mean 'board'"),
        (f"times.csv {CONV} --device-name nano --model x.onnx", "--model is of no use to a table"),
        (f"times.csv {CONV} --device-name nano --column filters=in", "--column gives filters twice"),
        ("times.csv --kind conv2d --column seconds --device-name nano", "not of the form NAME=VALUE"),
        ("times.csv --kind conv2d --column seconds=board --device-name nano", "no layer could be imported"),
        (
            f"times.csv {CONV} --device-name nano --where board=nano --dim bach",
            "no dimension named 'bach'; did you mean 'batch'",
        ),
        ("missing.json", "there is no file missing.json"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(rows: Say, line: str, why: str) -> None:
    assert why in rows(f"import {line}").refusal


def test_options_of_tables_are_of_no_use_to_profiles(engine: Say) -> None:
    assert "--kind is of no use to a profile" in engine("import net.profile.json net.layers.json --kind conv2d").refusal


TABLES = {
    "jetson_nano_tensorrt/marginal_layers.csv": (
        "--where kind=conv --column filters=F --column channels=F --column size=W --column kernel=K --column seconds=layer_ms",
        (193, 1, 10.0),
    ),
    "ncs2_openvino_layers/layers.csv": (
        "--where layer_type=Convolution --where exec_type=MyriadXHwOp --precision fp16 --column seconds=ms"
        " --column filters=output_shape[3] --column channels=input_shape[3] --column height=input_shape[1]"
        " --column width=input_shape[2] --column output_height=output_shape[1] --column output_width=output_shape[2]"
        " --column kernel=kernel[0] --column kernel_width=kernel[1] --column stride=strides[1]",
        (184, 7, 35.0),
    ),
    "nvidia_gpu_conv/conv.csv": (
        '--where "device=Tesla P4" --where B=32 --column filters=cout --column channels=cin --column size=hw'
        " --column batch=B --column kernel=kernel --column seconds=latency_ms",
        (74, 1, 60.0),
    ),
}
"""Recorded tables: how they are mapped; how many layers and classes are in them, and the largest error of a class of many."""


@recorded
@pytest.mark.parametrize("name", TABLES)
def test_recorded_tables_are_imported_fitted_and_shown(name: str, say: Say) -> None:
    mapping, (layers, classes, largest) = TABLES[name]
    found = say(f"import {DATA / name} --kind conv2d {mapping} --device-name board --json").json
    assert (found["layers"], len(found["sweeps"]), found["not_imported"]) == (layers, classes, [])
    fitted = say("fit --json").json["models"][0]["classes"]
    assert all(entry["rmspe_cross_validated_percent"] < largest for entry in fitted if entry["points"] >= 20), fitted
    assert "latency in ms" in say("show board").out
