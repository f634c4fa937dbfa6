"""Profiles of trtexec: recorded ones of real networks, and small ones of every form that layers come in."""

import json
import re
from pathlib import Path
from typing import Any

import pytest

from blackthorn.errors import BadFile, BadValue
from blackthorn.importing import Imported, TimedNetwork, imported_profiles, read_files
from blackthorn.onnx_graph import read_network
from blackthorn.runners.trt_fusions import TENSORRT_FUSIONS
from blackthorn.runners.trtexec_log import version_text
from tests.importing.engines import EIGHT, FULL, HALF, LOG, compiled, convolution, metadata, tensor, write_engine
from tests.networks import write_network
from tests.runners.trt_profiles import FOLDER, run_seconds
from tests.torch_exports import alexnet, resnet18

EXPORTS = {"alexnet_fp16": alexnet, "resnet18_fp16": resnet18}
recorded = pytest.mark.skipif(not FOLDER.exists(), reason="the recorded profiles are not beside the checkout")


def imported_from(*paths: Path, network: TimedNetwork | None = None) -> Imported:
    return imported_profiles(read_files(paths), network)


def recording(name: str) -> Imported:
    ends = ("profile.json", "graph.json", "profile.metadata.json")
    return imported_from(*(FOLDER / f"{name}.{end}" for end in ends))


def of_layer(folder: Path, layer: Any) -> tuple[str, str]:
    """What a single layer is taken for: its probe, and why there is none."""
    engine = write_engine(folder, [layer], [10.0])
    (found,) = imported_from(*engine).layers
    return ("" if found.probe is None else found.probe.key), found.problem


@recorded
@pytest.mark.parametrize("name", EXPORTS)
def test_every_fused_layer_is_of_the_kind_and_shape_that_its_network_tells(name: str, tmp_path: Path) -> None:
    network = read_network(EXPORTS[name]().write(tmp_path / "net.onnx"), fusions=TENSORRT_FUSIONS)
    told = [(layer.kind, layer.dimensions, layer.precision) for layer in network.layers]
    found = [layer.probe for layer in recording(name).layers if layer.probe is not None]
    assert [(probe.layer, probe.dimensions, probe.precision) for probe in found] == told


@recorded
@pytest.mark.parametrize("name", EXPORTS)
def test_only_what_computes_nothing_is_left_out_and_sums_are_the_files_own(name: str) -> None:
    found = recording(name)
    assert found.seconds == pytest.approx(run_seconds(name), rel=1e-5)
    left_out = [layer for layer in found.layers if layer.probe is None]
    assert {layer.problem for layer in left_out} == {"TensorRT lists it, and it computes nothing"}
    assert sum(layer.seconds for layer in left_out) < 0.006 * found.seconds


@recorded
def test_the_gpu_is_told_by_the_metadata_beside_the_profile() -> None:
    machine = recording("alexnet_fp16").machine
    assert machine.hardware == "NVIDIA GeForce RTX 3060 Laptop GPU"
    assert machine.details["application_compute_clock_rate"] == "1.425 GHz"
    assert machine.details["cuda_graph"] == "Enabled"


def test_a_log_tells_the_gpu_and_the_version(tmp_path: Path) -> None:
    log = tmp_path / "trtexec.log"
    log.write_text(LOG)
    machine = imported_from(*write_engine(tmp_path, [convolution("/a/Conv")], [10.0]), log).machine
    assert (machine.hardware, machine.versions) == ("Orin", {"tensorrt": "10.6.0"})
    assert machine.details["compute_capability"] == "8.7"


@pytest.mark.parametrize(("number", "text"), [("8502", "8.5.2"), ("8601", "8.6.1"), ("100600", "10.6.0"), ("110401", "11.4.1")])
def test_versions_are_read_as_trtexec_writes_them(number: str, text: str) -> None:
    assert version_text(number) == text


CONV = "batch=1 channels=16 dilation=1 dilation_width=1 filters=32 groups=1 height=28 kernel=3 kernel_width=3"
SHAPES = {
    "a convolution with all that it took in": (convolution("/c/Conv", "/Add", "/Relu"), f"conv2d fp16 {CONV}"),
    "of single precision, without metadata as before TensorRT 8.6": (
        convolution(
            "Conv_0",
            "Relu_1",
            Inputs=[tensor(1, 16, 28, 28, form=FULL)],
            Outputs=[tensor(1, 32, 28, 28, form=FULL)],
            Metadata="",
        ),
        f"conv2d fp32 {CONV}",
    ),
    "as TensorRT 11 writes its tensors": (
        convolution(
            "/c/Conv",
            Inputs=[{"Dimensions": [1, 16, 28, 28], "Format": "kHWC8", "DataType": "Half"}],
            Outputs=[{"Dimensions": [1, 32, 28, 28], "Format": "kHWC8", "DataType": "Half"}],
        ),
        f"conv2d fp16 {CONV}",
    ),
    "depthwise": (convolution("/c/Conv", filters=16, groups=16), "depthwise_conv2d fp16 batch=1 channels=16"),
    "of 8 bits": (
        convolution("/c/Conv", Inputs=[tensor(1, 16, 28, 28, form=EIGHT)], Outputs=[tensor(1, 32, 28, 28, form=EIGHT)]),
        f"conv2d_int8 fp32 {CONV}",
    ),
    "of 8 bits that gives fractions": (
        convolution("/c/Conv", Inputs=[tensor(1, 16, 28, 28, form=EIGHT)]),
        f"integer_conv2d_int8 fp32 {CONV}",
    ),
    "transposed": (
        convolution("/c/ConvTranspose", LayerType="CaskDeconvolutionV2", stride=1),
        "conv_transpose2d fp16 batch=1 channels=16 filters=32",
    ),
    "a rounding to 8 bits": (
        {
            **compiled("QuantizeLinear_2", "Reformat", [tensor(1, 3, 8, 8)], tensor(1, 3, 8, 8, form=EIGHT)),
            "Origin": "QDQ",
        },
        "quantize fp32 elements=192",
    ),
    "a copy into another layout": (
        compiled("r", "Reformat", [tensor(1, 8, 4, 4)], tensor(1, 8, 4, 4)),
        "reformat fp16 batch=1 channels=8 height=4 width=4",
    ),
    "a product whose weights stand last": (
        compiled("g", "gemm", [tensor(1, 512), tensor(512, 10), tensor(1), tensor(1, 10)], tensor(1, 10), "/fc/Gemm", "/Relu"),
        "dense fp16 inputs=512 outputs=10 rows=1",
    ),
    "a product whose weights stand before the data": (
        compiled("k", "kgen", [tensor(1, 10), tensor(512, 10), tensor(512, 1)], tensor(1, 10), "/fc/Gemm"),
        "dense fp16 inputs=512 outputs=10 rows=1",
    ),
    "what treats every number by itself": (
        compiled("PWN(/Sigmoid)", "PointWiseV2", [tensor(2, 8)], tensor(2, 8), "/Sigmoid_3"),
        "sigmoid fp16 elements=16",
    ),
    "functions in a row, without metadata as before TensorRT 8.6": (
        compiled("PWN(PWN(Sigmoid_3), Mul_4)", "PointWise", [tensor(2, 8), tensor(2, 8)], tensor(2, 8)),
        "add fp16 elements=16",
    ),
    "a sum and what follows it": (
        compiled("PWN(/Relu)", "PointWiseV2", [tensor(2, 8), tensor(2, 8)], tensor(2, 8), "/Relu", "/Add_1"),
        "add fp16 elements=16",
    ),
}
"""Layers and how their probes begin."""


@pytest.mark.parametrize("what", SHAPES)
def test_layers_are_told(what: str, tmp_path: Path) -> None:
    layer, expected = SHAPES[what]
    key, problem = of_layer(tmp_path, layer)
    assert key.startswith(expected), (key, problem)


UNTOLD = {
    "computes nothing": compiled("n", "NoOp", [tensor(1, 8, 1, 1)], tensor(1, 8, 1, 1)),
    r"from its type \(Reformat\) and its nodes \(none\)": compiled("r", "Reformat", [tensor(2, 8)], tensor(2, 8)),
    "type bf16, of which nothing": compiled("b", "gemm", [tensor(1, 8, form="BF16")], tensor(1, 8, form="BF16"), "/Gemm"),
    "type unknown, of which nothing": compiled("b", "gemm", [tensor(1, 8, form="N/A")], tensor(1, 8, form="N/A"), "/Gemm"),
    r"from its type \(CudaSoftMax\) and its nodes \(/Softmax\)": compiled(
        "s", "CudaSoftMax", [tensor(2, 8)], tensor(2, 8), "/Softmax"
    ),
    r"from its type \(Plugin\) and its nodes \(my plugin\)": compiled("my plugin", "Plugin", [tensor(2, 8)], tensor(2, 8)),
    "does not tell its shape": compiled("d", "kgen", [tensor(-1, 8)], tensor(-1, 8), "/Relu"),
}
"""Layers of no kind, by why."""


@pytest.mark.parametrize("why", UNTOLD)
def test_layers_of_no_kind_say_why(why: str, tmp_path: Path) -> None:
    key, problem = of_layer(tmp_path, UNTOLD[why])
    assert key == ""
    assert re.search(why, problem)


def test_the_network_tells_what_the_engine_does_not(tmp_path: Path) -> None:
    network = write_network(tmp_path, "(float[2,8] x) => (y) { a = Exp(x) y = Softmax<axis=0>(a) }")
    layer = compiled("s", "kgen", [tensor(2, 8, form=FULL)], tensor(2, 8, form=FULL), "Softmax_1")
    engine = write_engine(tmp_path, [layer], [10.0], name="engine")
    assert imported_from(*engine).layers[0].probe is None
    (found,) = imported_from(*engine, network=TimedNetwork(network)).layers
    assert found.probe is not None
    assert found.probe.key == "softmax fp32 columns=2 rows=8"


def test_profiles_find_their_own_engines(tmp_path: Path) -> None:
    one = write_engine(tmp_path, [convolution("/a/Conv", filters=32)], [10.0], name="one")
    two = write_engine(tmp_path, [convolution("/b/Conv", filters=64)], [20.0], name="two")
    found = imported_from(one.profile, two.info, two.profile, one.info).layers
    assert [(layer.name, layer.probe and layer.probe.dimensions["filters"]) for layer in found] == [
        ("/a/Conv", 32),
        ("/b/Conv", 64),
    ]


def test_a_layer_that_the_description_lacks_is_listed(tmp_path: Path) -> None:
    layers = [convolution("/a/Conv"), convolution("/b/Conv")]
    engine = write_engine(tmp_path, layers, [10.0, 20.0])
    engine.info.write_text(json.dumps({"Layers": layers[:1]}))
    assert imported_from(*engine).layers[1].problem == "the description of the engine does not hold it"


def test_names_may_hold_brackets(tmp_path: Path) -> None:
    layer = compiled("p", "PointWiseV2", [tensor(2, 8)], tensor(2, 8), "/a[0]/Relu")
    assert of_layer(tmp_path, layer)[0] == "relu fp16 elements=16"
    layer["Metadata"] = metadata("/a[0]/Relu", "/b/Exp").replace("\x1e", "")
    assert of_layer(tmp_path, layer)[0] == "relu fp16 elements=16"


def test_a_description_of_names_alone_says_how_to_make_a_full_one(tmp_path: Path) -> None:
    engine = write_engine(tmp_path, [convolution("/a/Conv")], [10.0])
    engine.info.write_text('{"Layers": ["/a/Conv"], "Bindings": ["x"]}')
    with pytest.raises(BadFile, match=r"names the layers.*--profilingVerbosity=detailed"):
        imported_from(*engine)


def test_a_profile_alone_asks_for_the_description(tmp_path: Path) -> None:
    engine = write_engine(tmp_path, [convolution("/a/Conv")], [10.0])
    with pytest.raises(BadFile, match="--exportLayerInfo"):
        imported_from(engine.profile)
    with pytest.raises(BadFile, match="--exportProfile"):
        imported_from(engine.info)


def test_a_description_of_another_engine_is_refused(tmp_path: Path) -> None:
    one = write_engine(tmp_path, [convolution("/a/Conv")], [10.0], name="one")
    two = write_engine(tmp_path, [convolution("/b/Conv")], [20.0], name="two")
    with pytest.raises(BadFile, match="no file given describes the layers of"):
        imported_from(one.profile, two.info)


def test_logs_of_two_gpus_are_refused(tmp_path: Path) -> None:
    engine = write_engine(tmp_path, [convolution("/a/Conv")], [10.0])
    logs = [tmp_path / "one.log", tmp_path / "two.log"]
    for log, gpu in zip(logs, ("Orin", "Xavier"), strict=True):
        log.write_text(LOG.replace("Orin", gpu))
    with pytest.raises(BadValue, match="one device at a time"):
        imported_from(*engine, *logs)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "neither a profile nor a table"),
        ("{}", "neither a profile nor a table"),
        ('[{"count": 3}, {"name": "a", "averageMs": "fast"}]', "cannot be read as a profile of trtexec"),
        ('[{"name": "a", "averageMs": 1.0}]', "holds no times of layers"),
        ('{"Layers": [{"Name": 3}]}', "cannot be read as trtexec's description"),
        ('[{"averageMs": ', "cannot be read as a profile of trtexec"),
        ("[" * 5000 + '"averageMs"', "nested too deeply|cannot be read"),
    ],
)
def test_damaged_files_are_refused_by_name(text: str, why: str, tmp_path: Path) -> None:
    path = tmp_path / "broken.json"
    path.write_text(text)
    with pytest.raises(BadFile, match=why) as caught:
        imported_from(path)
    assert str(path) in str(caught.value)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "x.bin").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(BadFile, match="is not UTF-8 text"):
        imported_from(tmp_path / "x.bin")


def test_half_precision_is_told_in_many_ways(tmp_path: Path) -> None:
    for form in (HALF, "Half", "Channel major FP16 format where channel % 8 == 0", "kHWC8 Float16"):
        assert " fp16 " in of_layer(tmp_path, compiled("r", "kgen", [tensor(4, form=form)], tensor(4, form=form), "/Relu"))[0]
