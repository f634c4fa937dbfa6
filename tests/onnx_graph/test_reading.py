"""Networks as lists of layers: which nodes are layers, of which kind, with how much work."""

import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from blackthorn.onnx_graph import read_network
from blackthorn.records import NetworkLayer
from tests.networks import ONE_CONV, light_networks, write_network

CONVOLUTIONS = ("conv2d", "depthwise_conv2d")


def by_operator(path: Path) -> Counter[str]:
    return Counter(layer.op_type for layer in read_network(path).layers)


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_every_convolution_of_a_real_network_is_attributed(name: str) -> None:
    from onnx import load

    convolutions = [node.name for node in load(light_networks()[name]).graph.node if node.op_type == "Conv"]
    layers = read_network(light_networks()[name]).layers
    attributed = [layer.name for layer in layers if layer.kind in CONVOLUTIONS and layer.dimensions and layer.macs > 0]
    assert len(convolutions) >= 5
    assert attributed == [layer.name for layer in layers if layer.op_type == "Conv"]
    assert len(attributed) == len(convolutions)


def test_there_are_nine_real_networks() -> None:
    assert len(light_networks()) == 9


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_the_same_file_reads_the_same_twice(name: str) -> None:
    first = read_network(light_networks()[name])
    assert first == read_network(light_networks()[name])
    assert first.name == name


def test_work_of_resnet50_is_what_the_literature_says() -> None:
    """He et al. (CVPR 2016, table 1) count 3.8 G multiply-adds; striding in the 3x3 instead makes it 4.1 G."""
    layers = read_network(light_networks()["light_resnet50"]).layers
    assert 3.8e9 < sum(layer.macs for layer in layers if layer.kind == "conv2d") < 4.1e9
    assert [layer.macs for layer in layers if layer.op_type == "Gemm"] == [2048 * 1000]


def test_work_of_vgg19_is_what_the_literature_says() -> None:
    """Simonyan and Zisserman (ICLR 2015): 19.6 G multiply-adds with the dense layers."""
    assert sum(layer.macs for layer in read_network(light_networks()["light_vgg19"]).layers) == pytest.approx(19.6e9, rel=0.01)


def test_a_convolution_reads_with_all_its_dimensions(tmp_path: Path) -> None:
    attributes = "group=2, strides=[2,1], pads=[1,0,1,0], dilations=[1,2]"
    text = f"(float[2,4,9,8] x, float[6,2,3,1] w) => (y) {{ y = Conv<{attributes}>(x, w) }}"
    (layer,) = read_network(write_network(tmp_path, text)).layers
    assert layer.dimensions == {
        "filters": 6,
        "channels": 4,
        "height": 9,
        "width": 8,
        "kernel": 3,
        "kernel_width": 1,
        "stride": 2,
        "stride_width": 1,
        "dilation": 1,
        "dilation_width": 2,
        "groups": 2,
        "batch": 2,
    }
    assert (layer.kind, layer.macs) == ("conv2d", 2 * 6 * 5 * 8 * 2 * 3 * 1)


def test_weights_made_by_nodes_and_things_that_do_nothing_are_no_layers() -> None:
    found = by_operator(light_networks()["light_bvlc_alexnet"])
    assert "ConstantOfShape" not in found
    assert "Dropout" not in found
    assert found["Conv"] == 5


def test_shape_arithmetic_and_identity_are_no_layers(tmp_path: Path) -> None:
    text = """(float[1,3,8,8] x, float[4,3,3,3] w) => (y) {
        s = Shape(x) zero = Constant<value_int=0>() b = Gather(s, zero) axes = Constant<value_ints=[0]>() u = Unsqueeze(b, axes)
        rest = Constant<value_ints=[-1]>() t = Concat<axis=0>(u, rest)
        c = Conv(x, w) i = Identity(c) r = Reshape(i, t) y = Relu(r) }"""
    assert by_operator(write_network(tmp_path, text)) == {"Conv": 1, "Reshape": 1, "Relu": 1}


def test_random_numbers_are_drawn_in_every_run(tmp_path: Path) -> None:
    text = "(float[2,3] x) => (y) { r = RandomNormal<shape=[2,3]>() y = Add(x, r) }"
    assert by_operator(write_network(tmp_path, text)) == {"RandomNormal": 1, "Add": 1}


def test_nodes_without_a_name_are_named_after_operator_and_place(tmp_path: Path) -> None:
    text = "(float[2,3] x) => (y) { a = Relu(x) b = Exp(a) y = Relu(b) }"
    assert [layer.name for layer in read_network(write_network(tmp_path, text)).layers] == ["Relu_0", "Exp_1", "Relu_2"]


@pytest.mark.parametrize(
    ("element", "precision", "kind"), [("float", "fp32", "conv2d"), ("float16", "fp16", "conv2d"), ("double", "fp32", None)]
)
def test_precision_is_that_of_the_tensors(element: str, precision: str, kind: str | None, tmp_path: Path) -> None:
    (layer,) = read_network(write_network(tmp_path, ONE_CONV.replace("float", element))).layers
    assert (layer.precision, layer.kind) == (precision, kind)
    assert layer.macs == 4 * 8 * 8 * 27


@pytest.mark.parametrize(
    ("text", "macs"),
    [
        ("(float[1,4,9] x, float[6,4,3] w) => (y) { y = Conv(x, w) }", 6 * 7 * 12),
        ("(float[1,4,5,5] x, float[4,3,2,2] w) => (y) { y = ConvTranspose<group=2>(x, w) }", 4 * 25 * 3 * 4),
        ("(float[3,5] a, float[7,3] b) => (y) { y = Gemm<transA=1, transB=1>(a, b) }", 5 * 3 * 7),
        ("(float[2,3,4] a, float[4,5] b) => (y) { y = MatMul(a, b) }", 2 * 3 * 4 * 5),
        ("(float[7,2,5] x, float[1,12,5] w, float[1,12,3] r) => (y) { y = LSTM(x, w, r) }", 7 * 2 * 12 * (5 + 3)),
        ("(uint8[1,4,9] x, uint8[6,4,3] w) => (y) { y = ConvInteger(x, w) }", 6 * 7 * 12),
        ("(float[2,3] x) => (y) { y = Softmax(x) }", 0),
    ],
)  # fmt: skip
def test_work_is_counted_alike_with_and_without_a_kind(text: str, macs: int, tmp_path: Path) -> None:
    """Numbers in double precision are of no kind."""
    (layer,) = read_network(write_network(tmp_path, text)).layers
    (double,) = read_network(write_network(tmp_path, text.replace("float[", "double["))).layers
    assert (double.kind, double.dimensions, double.macs) == (None, None, macs)
    assert layer.macs == macs


def test_an_operator_of_another_domain_is_listed_by_its_full_name(tmp_path: Path) -> None:
    text = ONE_CONV.replace("Conv<", "local.Conv<").replace("{ y =", "{ r = Relu(x) y =")
    layers = read_network(write_network(tmp_path, text)).layers
    assert [(layer.op_type, layer.kind, layer.macs) for layer in layers] == [("Relu", "relu", 0), ("local.Conv", None, 0)]


def test_the_files_own_word_stands_where_no_rule_knows_better(tmp_path: Path) -> None:
    text = "(float[1,3,8,8] x, float[4,3,3,3] w) => (y) <float[1,3,8,8] a> { a = local.Denoise(x) y = Conv(a, w) }"
    without = text.replace("<float[1,3,8,8] a> ", "")
    assert [layer.kind for layer in read_network(write_network(tmp_path, text)).layers] == [None, "conv2d"]
    assert [layer.kind for layer in read_network(write_network(tmp_path, without)).layers] == [None, None]


def test_the_files_own_word_is_not_taken_for_the_impossible(tmp_path: Path) -> None:
    text = f"(float[2,3] x) => (y) <float[2,{2**50}] a> {{ a = local.Denoise(x) y = Relu(a) }}"
    assert [layer.op_type for layer in read_network(write_network(tmp_path, text)).layers] == ["local.Denoise", "Relu"]


def test_a_constant_of_unknown_shape_stays_a_constant_where_the_file_tells_the_shape(tmp_path: Path) -> None:
    text = "(float[2,3] x) => (y) <float[2,3] a> { c = Constant<value = float[3] {1,2,3}>() a = Unheard(c) y = Add(x, a) }"
    assert by_operator(write_network(tmp_path, text)) == {"Add": 1}


def test_reading_imports_neither_onnx_nor_a_runtime(tmp_path: Path) -> None:
    path = write_network(tmp_path, ONE_CONV)
    code = (
        "import sys; from blackthorn.onnx_graph import read_network; "
        f"assert len(read_network({str(path)!r}).layers) == 1; "
        "assert not {'onnx', 'onnxruntime', 'scipy', 'google'} & set(sys.modules), sorted(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_layers_are_values() -> None:
    layer = read_network(light_networks()["light_squeezenet"]).layers[0]
    assert isinstance(layer, NetworkLayer)
    with pytest.raises(AttributeError):
        layer.name = "other"  # type: ignore[misc]
