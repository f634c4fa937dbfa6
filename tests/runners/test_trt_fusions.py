"""What is read of networks against what TensorRT made of them, and against what its guide and its log say of small ones."""

from collections import Counter
from pathlib import Path

import pytest

from blackthorn.onnx_graph import read_network
from blackthorn.records import Device
from blackthorn.runners import fusions_on
from blackthorn.runners.trt_fusions import TENSORRT_FUSIONS
from tests.networks import light_networks
from tests.onnx_graph.mutations import fused_or_refused
from tests.runners.optimised import save
from tests.runners.trt_profiles import FOLDER, profiled, run_seconds
from tests.torch_exports import Export, alexnet, resnet18

EXPORTS = {"alexnet_fp16": alexnet, "resnet18_fp16": resnet18}
SAME_TYPE = {
    "Reformat": {"Reformat"},
    "CaskConvolution": {"Conv"},
    "CaskPooling": {"MaxPool", "GlobalAveragePool"},
    "gemm": {"Gemm"},
    "kgen": {"Flatten", "Gemm"},
}
"""The operators that our layers may have, by TensorRT's types of layers."""
NOT_TOLD = {
    "shape_call": "before the kernels of its second compiler TensorRT calls one that does nothing, for about 2 us",
    "NoOp": "a copy of images of one number, which lie in memory the same way in every layout: TensorRT lists it and skips it",
}
"""TensorRT's types of layers that are not told, and why."""
LARGEST_SHARE = 0.006
"""How much of a run may be in layers that are not told."""

recorded = pytest.mark.skipif(not FOLDER.exists(), reason="the recorded profiles are not beside the checkout")


def layers(folder: Path, text: str) -> list[tuple[str, tuple[str, ...]]]:
    """Operators and nodes of what is left of a network; inputs that begin with a capital are constants."""
    return [(layer.op_type, layer.nodes) for layer in read_network(save(text, folder), fusions=TENSORRT_FUSIONS).layers]


@recorded
@pytest.mark.parametrize("name", EXPORTS)
def test_networks_are_left_as_tensorrt_left_them(name: str, tmp_path: Path) -> None:
    ours = read_network(EXPORTS[name]().write(tmp_path / "net.onnx"), fusions=TENSORRT_FUSIONS).layers
    theirs = [layer for layer in profiled(name) if layer.type not in NOT_TOLD]
    assert [layer.nodes for layer in ours] == [layer.nodes for layer in theirs]
    assert all(told.op_type in SAME_TYPE[ran.type] for told, ran in zip(ours, theirs, strict=True))


@recorded
@pytest.mark.parametrize("name", EXPORTS)
def test_times_of_layers_add_up_to_the_run(name: str) -> None:
    ran = profiled(name)
    untold = sum(layer.seconds for layer in ran if layer.type in NOT_TOLD)
    assert sum(layer.seconds for layer in ran) == pytest.approx(run_seconds(name), rel=1e-5)
    assert untold < LARGEST_SHARE * run_seconds(name)


@recorded
def test_what_is_not_told_is_there() -> None:
    assert {layer.type for name in EXPORTS for layer in profiled(name)} - SAME_TYPE.keys() == NOT_TOLD.keys()


@pytest.mark.parametrize("export", EXPORTS.values())
def test_every_node_of_an_export_is_in_one_layer(export: "type[Export]", tmp_path: Path) -> None:
    path = export().write(tmp_path / "net.onnx")
    told = [node for layer in read_network(path, fusions=TENSORRT_FUSIONS).layers for node in layer.nodes]
    left_out = {"/Flatten"} if export is resnet18 else set()
    assert sorted([*told, *left_out]) == sorted(layer.name for layer in read_network(path).layers)


SINGLE, HALF = (
    "(float[1,16,8,8] x, float[16,16,1,1] W, float[16] B) => (y) ",
    "(float16[1,16,8,8] x, float16[16,16,1,1] W) => (y) ",
)
QUANTISED = "(float[1,16,8,8] x, int8[16,16,1,1] W, float S, int8 Z) => (y) "
SMALL = {
    "a convolution and its Relu": (SINGLE + "{ c = Conv(x, W, B) y = Relu(c) }", [("Conv", "Conv_0 Relu_1")]),
    "a convolution and Relu6": (
        "(float[1,16,8,8] x, float[16,16,1,1] W, float L, float H) => (y) { c = Conv(x, W) y = Clip(c, L, H) }",
        [("Conv", "Conv_0 Clip_1")],
    ),
    "a normalisation goes into the convolution": (
        SINGLE + "{ c = Conv(x, W, B) n = BatchNormalization(c, B, B, B, B) y = Relu(n) }",
        [("Conv", "Conv_0 BatchNormalization_1 Relu_2")],
    ),
    "a normalisation alone takes in its Relu": (
        SINGLE + "{ n = BatchNormalization(x, B, B, B, B) y = Relu(n) }",
        [("BatchNormalization", "BatchNormalization_0 Relu_1")],
    ),
    "a normalisation behind a sum, or behind a Relu, runs apart": (
        SINGLE
        + """{ a = Conv(x, W, B) s = Add(a, x) n = BatchNormalization(s, B, B, B, B) r = Relu(n)
            b = Conv(r, W, B) t = Relu(b) y = BatchNormalization(t, B, B, B, B) }""",
        [
            ("Conv", "Conv_0 Add_1"),
            ("BatchNormalization", "BatchNormalization_2 Relu_3"),
            ("Conv", "Conv_4 Relu_5"),
            ("BatchNormalization", "BatchNormalization_6"),
        ],
    ),
    "padding goes into the convolution": (
        """(float[1,4,8,8] x, float[4,4,3,3] W) => (y) {
            p = Constant<value_ints=[0,0,1,1,0,0,1,1]>() q = Pad(x, p) y = Conv(q, W) }""",
        [("Conv", "Conv_2 Pad_1")],
    ),
    "the later of two convolutions takes in their sum": (
        SINGLE + "{ a = Conv(x, W) r = Relu(a) b = Conv(r, W) c = Conv(x, W) s = Add(b, c) y = Relu(s) }",
        [("Conv", "Conv_0 Relu_1"), ("Conv", "Conv_2"), ("Conv", "Conv_3 Add_4 Relu_5")],
    ),
    "a convolution adds to what comes later where nothing else does": (
        SINGLE + "{ a = Conv(x, W) b = Softmax(x) y = Add(a, b) }",
        [("Softmax", "Softmax_1"), ("Conv", "Conv_0 Add_2")],
    ),
    "a sum is not taken in where it is broadcast": (
        "(float[1,16,8,8] x, float[16,16,1,1] W, float[1,16,1,1] z) => (y) { c = Conv(x, W) y = Add(c, z) }",
        [("Conv", "Conv_0"), ("Add", "Add_1")],
    ),
    "a result is not taken in": (
        "(float[1,16,8,8] x, float[16,16,1,1] W) => (c, y) { c = Conv(x, W) y = Relu(c) }",
        [("Conv", "Conv_0"), ("Relu", "Relu_1")],
    ),
    "in single precision other activations run apart, as one": (
        SINGLE + "{ c = Conv(x, W) s = Sigmoid(c) y = Mul(c, s) }",
        [("Conv", "Conv_0"), ("Sigmoid", "Sigmoid_1 Mul_2")],
    ),
    "in half precision the convolution takes them in, and a sum with them": (
        HALF + "{ a = Relu(x) c = Conv(a, W) s = Sigmoid(c) m = Mul(c, s) t = Add(a, m) y = Softmax(t) }",
        [
            ("Relu", "Relu_0"),
            ("Reformat", ""),
            ("Conv", "Conv_1 Sigmoid_2 Mul_3 Add_4"),
            ("Softmax", "Softmax_5"),
        ],
    ),
    "the first convolution, of few channels, does not": (
        "(float16[1,3,8,8] x, float16[16,3,1,1] W) => (y) { c = Conv(x, W) s = Tanh(c) y = Softmax<axis=1>(s) }",
        [("Reformat", ""), ("Conv", "Conv_0"), ("Tanh", "Tanh_1"), ("Softmax", "Softmax_2")],
    ),
    "functions of numbers in a row": (
        "(float[4,8] x, float[4,8] z) => (y) { a = Exp(x) b = Add(a, z) c = Sqrt(b) y = Neg(c) }",
        [("Add", "Exp_0 Add_1 Sqrt_2 Neg_3")],
    ),
    "but not what is read elsewhere too": (
        "(float[4,8] x) => (y) { a = Exp(x) b = Neg(a) c = Softmax(a) y = Add(b, c) }",
        [("Exp", "Exp_0"), ("Softmax", "Softmax_2"), ("Add", "Neg_1 Add_3")],
    ),
    "nor what is of another shape": (
        "(float[4,1] x, float[4,8] z) => (y) { a = Exp(x) y = Add(a, z) }",
        [("Exp", "Exp_0"), ("Add", "Add_1")],
    ),
    "products of matrices with a bias and an activation": (
        "(float[2,8] x, float[8,6] W, float[6] B) => (y) { m = MatMul(x, W) b = Add(m, B) y = Relu(b) }",
        [("Gemm", "MatMul_0 Add_1 Relu_2")],
    ),
    "convolutions of one image": (
        "(float[1,16,8,8] x, float[16,16,1,1] W, float[8,16,1,1] V) => (y, z) { "
        "a = Conv(x, W) y = Relu(a) b = Conv(x, V) z = Relu(b) }",
        [("Conv", "Conv_0 Relu_1 Conv_2 Relu_3")],
    ),
    "but not of different strides": (
        "(float[1,16,8,8] x, float[16,16,1,1] W) => (y, z) { y = Conv(x, W) z = Conv<strides=[2,2]>(x, W) }",
        [("Conv", "Conv_0"), ("Conv", "Conv_1")],
    ),
    "nothing is left of what does nothing": (
        """(float[1,4,1,8] x) => (y) { a = Identity(x) b = Dropout(a) c = Transpose<perm=[0,2,1,3]>(b)
            d = Flatten(c) e = Concat<axis=0>(d) y = Softmax(e) }""",
        [("Softmax", "Softmax_5")],
    ),
    "a flattened image is copied in half precision": (
        HALF + "{ c = Conv(x, W) f = Flatten(c) y = Softmax(f) }",
        [("Reformat", ""), ("Conv", "Conv_0"), ("Flatten", "Flatten_1"), ("Softmax", "Softmax_2")],
    ),
    "but not one of a single pixel, and none in single precision": (
        HALF + "{ c = Conv(x, W) p = GlobalAveragePool(c) f = Flatten(p) y = Softmax(f) }",
        [("Reformat", ""), ("Conv", "Conv_0"), ("GlobalAveragePool", "GlobalAveragePool_1"), ("Softmax", "Softmax_3")],
    ),
    "images joined along their channels are written in place": (
        "(float[1,16,8,8] x, float[8,16,3,3] W, float[8,16,1,1] V) => (y) { "
        "a = Conv<pads=[1,1,1,1]>(x, W) b = Conv(x, V) j = Concat<axis=1>(a, b) y = MaxPool<kernel_shape=[2,2]>(j) }",
        [("Conv", "Conv_0"), ("Conv", "Conv_1"), ("MaxPool", "MaxPool_3")],
    ),
    "but copied where they are read elsewhere too": (
        "(float[1,16,8,8] x, float[16,16,3,3] W) => (y) { "
        "a = Conv<pads=[1,1,1,1]>(x, W) b = Softmax(a) j = Concat<axis=1>(a, b) y = MaxPool<kernel_shape=[2,2]>(j) }",
        [("Conv", "Conv_0"), ("Softmax", "Softmax_1"), ("Reformat", "Concat_2"), ("MaxPool", "MaxPool_3")],
    ),
    "a mean over images is a pool": (
        "(float[1,16,8,8] x) => (y) { a = Constant<value_ints=[2,3]>() m = ReduceMean(x, a) y = Softmax(m) }",
        [("GlobalAveragePool", "ReduceMean_1"), ("Softmax", "Softmax_2")],
    ),
    "scale and offset by channel, and the activation behind them": (
        "(float[1,16,8,8] x, float[16] B, float[16,1,1] S) => (y) { "
        "n = BatchNormalization(x, B, B, B, B) m = Mul(n, S) a = Add(m, S) y = Relu(a) }",
        [("BatchNormalization", "BatchNormalization_0 Mul_1 Add_2 Relu_3")],
    ),
    "a softmax and its logarithm": ("(float[4,8] x) => (y) { s = Softmax(x) y = Log(s) }", [("LogSoftmax", "Softmax_0 Log_1")]),
    "sums of functions": (
        """(float[4,8] x) => (y, z) { a = Exp(x) b = ReduceSum(a) y = Log(b)
            c = Mul(x, x) d = ReduceSum(c) z = Sqrt(d) }""",
        [("ReduceLogSumExp", "ReduceSum_1 Exp_0 Log_2"), ("ReduceL2", "ReduceSum_4 Mul_3 Sqrt_5")],
    ),
    "8-bit convolutions, the later of them with a sum": (
        QUANTISED
        + """{ q = QuantizeLinear(x, S, Z) d = DequantizeLinear(q, S, Z) v = DequantizeLinear(W, S, Z)
            c = Conv(d, v) r = Relu(c) p = QuantizeLinear(r, S, Z) e = DequantizeLinear(p, S, Z)
            k = DequantizeLinear(W, S, Z) f = Conv(e, k) g = Add(f, d) h = Relu(g) y = QuantizeLinear(h, S, Z) }""",
        [
            ("QuantizeLinear", "QuantizeLinear_0"),
            ("QLinearConv", "Conv_3 Relu_4 DequantizeLinear_1 DequantizeLinear_2 QuantizeLinear_5"),
            (
                "QLinearConv",
                "Conv_8 DequantizeLinear_1 Add_9 Relu_10 DequantizeLinear_6 DequantizeLinear_7 QuantizeLinear_11",
            ),
        ],
    ),
    "an 8-bit convolution that gives fractions": (
        QUANTISED
        + "{ q = QuantizeLinear(x, S, Z) d = DequantizeLinear(q, S, Z) v = DequantizeLinear(W, S, Z) y = Conv(d, v) }",
        [("QuantizeLinear", "QuantizeLinear_0"), ("ConvInteger", "Conv_3 DequantizeLinear_1 DequantizeLinear_2")],
    ),
    "an 8-bit product of matrices": (
        """(int8[2,8] x, int8[6,8] W, float[6] B, float S, int8 Z) => (y) { d = DequantizeLinear(x, S, Z)
            v = DequantizeLinear(W, S, Z) g = Gemm<transB=1>(d, v, B) y = QuantizeLinear(g, S, Z) }""",
        [("QGemm", "Gemm_2 DequantizeLinear_0 DequantizeLinear_1 QuantizeLinear_3")],
    ),
    "an 8-bit pool": (
        """(int8[1,16,8,8] x, float S, int8 Z) => (y) { d = DequantizeLinear(x, S, Z)
            p = MaxPool<kernel_shape=[2,2]>(d) y = QuantizeLinear(p, S, Z) }""",
        [("MaxPool", "MaxPool_1 DequantizeLinear_0 QuantizeLinear_2")],
    ),
    "an 8-bit product of matrices without a bias, and one that gives fractions": (
        """(int8[2,8] x, int8[8,8] W, float S, int8 Z) => (y) { d = DequantizeLinear(x, S, Z)
            v = DequantizeLinear(W, S, Z) m = MatMul(d, v) q = QuantizeLinear(m, S, Z)
            e = DequantizeLinear(q, S, Z) y = MatMul(e, v) }""",
        [
            ("QLinearMatMul", "MatMul_2 DequantizeLinear_0 DequantizeLinear_1 QuantizeLinear_3"),
            ("MatMulIntegerToFloat", "MatMul_5 DequantizeLinear_4 DequantizeLinear_1"),
        ],
    ),
    "transpositions in a row": (
        "(float[2,3,4] x) => (y) { t = Transpose<perm=[1,0,2]>(x) y = Transpose<perm=[0,2,1]>(t) }",
        [("Transpose", "Transpose_1 Transpose_0")],
    ),
}
"""What is done to small networks: the network, and operators and nodes of what is left of it."""


YOLO_BLOCK = """(float16[1,64,8,8] x, float16[32,64,1,1] A, float16[32,32,3,3] B, float16[64,64,1,1] C) => (y) {
    a = Conv(x, A) sa = Sigmoid(a) ma = Mul(a, sa)
    b = Conv<pads=[1,1,1,1]>(ma, B) sb = Sigmoid(b) mb = Mul(b, sb)
    c = Conv<pads=[1,1,1,1]>(mb, B) sc = Sigmoid(c) mc = Mul(c, sc) e = Add(ma, mc)
    d = Conv(x, A) sd = Sigmoid(d) md = Mul(d, sd)
    j = Concat<axis=1>(e, md) f = Conv(j, C) sf = Sigmoid(f) y = Mul(f, sf) }"""
"""A C3k block of YOLO26 as torch exports it, in half precision."""


def test_a_block_of_yolo26_is_left_as_trtexec_listed_it(tmp_path: Path) -> None:
    entered, *block, left = layers(tmp_path, YOLO_BLOCK)
    assert entered[0] == left[0] == "Reformat"
    assert block == [
        ("Conv", ("Conv_0", "Conv_10")),
        ("Sigmoid", ("Sigmoid_1", "Mul_2")),
        ("Conv", ("Conv_3", "Sigmoid_4", "Mul_5")),
        ("Conv", ("Conv_6", "Sigmoid_7", "Mul_8", "Add_9")),
        ("Sigmoid", ("Sigmoid_11", "Mul_12")),
        ("Reformat", ("Concat_13",)),
        ("Conv", ("Conv_14", "Sigmoid_15", "Mul_16")),
    ]


@pytest.mark.parametrize("what", SMALL)
def test_small_networks(what: str, tmp_path: Path) -> None:
    text, left = SMALL[what]
    assert layers(tmp_path, text) == [(operator, tuple(nodes.split())) for operator, nodes in left]


def test_layers_of_8_bits_are_of_a_kind(tmp_path: Path) -> None:
    kinds = {}
    for what in ("8-bit convolutions, the later of them with a sum", "an 8-bit convolution that gives fractions"):
        for layer in read_network(save(SMALL[what][0], tmp_path), fusions=TENSORRT_FUSIONS).layers:
            kinds[layer.op_type] = layer.kind
    assert kinds == {"QuantizeLinear": "quantize", "QLinearConv": "conv2d_int8", "ConvInteger": "integer_conv2d_int8"}


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_real_networks_keep_their_work_and_their_nodes(name: str) -> None:
    before = read_network(light_networks()[name]).layers
    after = read_network(light_networks()[name], fusions=TENSORRT_FUSIONS).layers
    told = Counter(node for layer in after for node in layer.nodes)
    joined = {layer.name for layer in before if layer.op_type == "Concat"}
    assert sum(layer.macs for layer in after) == sum(layer.macs for layer in before)
    assert {node for node, times in told.items() if times > 1} <= joined
    left_out = {layer.op_type for layer in before if layer.name not in told}
    assert left_out <= {"Concat", "Flatten", "Reshape"}
    assert {layer.op_type for layer in after if layer.kind is None} <= {"Reformat"}


def test_an_engine_of_resnet50_has_a_layer_a_convolution_and_four_more() -> None:
    after = read_network(light_networks()["light_resnet50"], fusions=TENSORRT_FUSIONS).layers
    assert Counter(layer.op_type for layer in after) == {"Conv": 53, "MaxPool": 1, "AveragePool": 1, "Gemm": 1, "Softmax": 1}


@pytest.mark.parametrize("runner", ["tensorrt", "tensorrt_rtx", "trtexec"])
def test_a_device_that_tensorrt_was_timed_on_has_its_fusions(runner: str) -> None:
    assert fusions_on(Device("d", runner, "h", 1)) == TENSORRT_FUSIONS


@pytest.mark.parametrize("first", range(0, 400, 200))
def test_damaged_networks_are_fused_or_refused(first: int, tmp_path: Path) -> None:
    contents = [save(text, tmp_path).read_bytes() for text, _ in SMALL.values()]
    found = fused_or_refused(contents, range(first, first + 200), TENSORRT_FUSIONS, tmp_path)
    assert min(found["fused"], found["refused"]) > 0
