"""Nodes as exporters write them, each read as the kind and the dimensions that it is."""

from pathlib import Path

import pytest

from blackthorn.layers import layer_kinds
from blackthorn.onnx_graph import read_network
from tests.networks import light_networks, write_network

ROWS = [
    ("(float[1,8,9,9] x, float[8,1,3,3] w) => (y) { y = Conv<group=8>(x, w) }",
     "depthwise_conv2d", "channels=8 height=7 width=7 kernel=3 kernel_width=3 stride=1"),
    ("(float[1,8,9,9] x, float[16,1,3,3] w) => (y) { y = Conv<group=8>(x, w) }", "conv2d", "filters=16 channels=8 groups=8"),
    ("(float[1,1,9,9] x, float[1,1,3,3] w) => (y) { y = Conv(x, w) }", "conv2d", "filters=1 channels=1 groups=1"),
    ("(float[2,4,50] x, float[6,4,5] w) => (y) { y = Conv<strides=[2]>(x, w) }",
     "conv1d", "filters=6 channels=4 length=46 kernel=5 stride=2 batch=2"),
    ("(float[1,4,5,6] x, float[4,3,2,2] w) => (y) { y = ConvTranspose<group=2, strides=[2,2]>(x, w) }",
     "conv_transpose2d", "filters=6 channels=4 height=5 width=6 kernel=2 stride=2 groups=2"),
    ("(float[5,7] x) => (y) { n = Constant<value_ints=[7,3]>() w = ConstantOfShape(n) y = MatMul(x, w) }",
     "dense", "outputs=3 inputs=7 rows=5"),
    ("(float[2,5,7] x) => (y) { n = Constant<value_ints=[7,3]>() w = ConstantOfShape(n) y = MatMul(x, w) }",
     "dense", "outputs=3 inputs=7 rows=10"),
    ("(float[7,5] x) => (y) { n = Constant<value_ints=[3,7]>() w = ConstantOfShape(n) y = Gemm<transA=1, transB=1>(x, w) }",
     "dense", "outputs=3 inputs=7 rows=5"),
    ("(float[7] x) => (y) { n = Constant<value_ints=[7,3]>() w = ConstantOfShape(n) y = MatMul(x, w) }",
     "dense", "outputs=3 inputs=7 rows=1"),
    ("(float[2,4,5,7] a, float[2,4,7,3] b) => (y) { y = MatMul(a, b) }", "matmul", "rows=5 inner=7 columns=3 batch=8"),
    ("(float[5,7] a, float[7,3] b) => (y) { y = Gemm(a, b) }", "matmul", "rows=5 inner=7 columns=3 batch=1"),
    ("(float[4,5,7] x) => (y) { n = Constant<value_ints=[4,7,3]>() w = ConstantOfShape(n) y = MatMul(x, w) }",
     "matmul", "rows=5 inner=7 columns=3 batch=4"),
    ("(float[1,8,54,54] x) => (y) { y = MaxPool<kernel_shape=[3,3], strides=[2,2]>(x) }",
     "max_pool2d", "channels=8 height=52 width=52 kernel=3 stride=2"),
    ("(float[1,8,7,7] x) => (y) { y = AveragePool<kernel_shape=[3,3], pads=[1,1,1,1]>(x) }",
     "average_pool2d", "channels=8 height=7 width=7 kernel=3 stride=1"),
    ("(float[1,8,7,7] x) => (y) { y = AveragePool<kernel_shape=[7,7]>(x) }", "global_average_pool2d", "channels=8 height=7"),
    ("(float[1,8,3,3] x) => (y) { y = MaxPool<kernel_shape=[3,3], strides=[3,3], pads=[1,1,1,1]>(x) }",
     "max_pool2d", "channels=8 height=3 width=3 kernel=3 stride=3"),
    ("(float[1,8,7,7] x) => (y) { y = GlobalMaxPool(x) }", "global_average_pool2d", "channels=8 height=7 width=7"),
    ("(float[1,8,7,6] x) => (y) { a = Constant<value_ints=[2,3]>() y = ReduceMean<keepdims=0>(x, a) }",
     "global_average_pool2d", "channels=8 height=7 width=6"),
    ("(float[3,8,6] x) => (y) { a = Constant<value_ints=[-1]>() y = ReduceMean(x, a) }", "reduce", "rows=24 columns=6"),
    ("(float[3,8,6] x) => (y) { a = Constant<value_ints=[1,2]>() y = ReduceSum<keepdims=0>(x, a) }",
     "reduce", "rows=3 columns=48"),
    ("(float[3,8,6] x) => (y) { a = Constant<value_ints=[0]>() y = ReduceSum(x, a) }",
     "reduce_columns", "rows=3 columns=48 batch=1"),
    ("(float[3,8,6] x) => (y) { a = Constant<value_ints=[1]>() y = ReduceSum<keepdims=0>(x, a) }",
     "reduce_columns", "rows=8 columns=6 batch=3"),
    ("(float[3,8,6] x) => (y) { a = Constant<value_ints=[0,2]>() y = ReduceSum(x, a) }", None, ""),
    ("(float[3,8] x, float[8] s) => (y) { y = BatchNormalization(x, s, s, s, s) }",
     "batch_norm", "channels=8 height=1 batch=3"),
    ("(float[3,8,6] x) => (y) { y = Softmax(x) }", "softmax", "rows=24 columns=6"),
    ("(float[1,1000,1,1] x) => (y) { y = Softmax(x) }", "softmax", "rows=1 columns=1000"),
    ("(float[3,8,6] x) => (y) { y = Softmax<axis=1>(x) }", "softmax", "rows=18 columns=8"),
    ("(float[3,8,6] x, float[6] s) => (y) { y = LayerNormalization(x, s) }", "layer_norm", "rows=24 columns=6"),
    ("(float[3,8,6] x, float[8,6] s) => (y) { y = LayerNormalization<axis=1>(x, s) }", "layer_norm", "rows=3 columns=48"),
    ("(float[2,8,5,5] x, float[8] s) => (y) { y = InstanceNormalization(x, s, s) }", "instance_norm", "rows=16 columns=25"),
    ("(float[2,8,5] x) => (y) { y = LeakyRelu(x) }", "relu", "elements=80"),
    ("(float[2,8,5] x) => (y) { y = Tanh(x) }", "sigmoid", "elements=80"),
    ("(float[2,8,5] x) => (y) { y = Selu(x) }", "elu", "elements=80"),
    ("(float[2,8,5] x, float[8,1] s) => (y) { y = PRelu(x, s) }", "prelu", "elements=80"),
    ("(float[2,8] a, float[2,8] b) => (y) { y = Mul(a, b) }", "add", "elements=16"),
    ("(float[2,8] a, float[8] b) => (y) { y = Sub(a, b) }", "add_broadcast", "rows=2 columns=8"),
    ("(float s, float[2,8] a) => (y) { y = Mul(s, a) }", "add_broadcast", "rows=1 columns=16"),
    ("(float[1,8,5,5] a, float[1,8,1,1] b) => (y) { y = Mul(a, b) }", "add_broadcast", "rows=8 columns=25"),
    ("(float[4,1] a, float[1,6] b) => (y) { y = Add(a, b) }", "add_broadcast", "rows=4 columns=6"),
    ("(float[4,6] a, float[4,6] b, float[4,6] c) => (y) { y = Sum(a, b, c) }", "sum", "elements=24 inputs=3"),
    ("(float[4,6] a, float[4,6] b) => (y) { y = Less(a, b) }", "add", "elements=24"),
    ("(int64[4,6] a, int64[4,6] b) => (y) { y = Equal(a, b) }", "add", "elements=48"),
    ("(bool[4,7] a, bool[4,7] b) => (y) { y = And(a, b) }", "add", "elements=7"),
    ("(int32[4,6] a, int32[4,1] b) => (y) { y = Add(a, b) }", "add_broadcast", "rows=4 columns=6"),
    ("(bool[4,7] x) => (y) { y = Not(x) }", "relu", "elements=7"),
    ("(int64[4,5] x) => (y) { a = Constant<value_ints=[1]>() y = Unsqueeze(x, a) }", "reshape", "elements=40"),
    ("(int64[30,5] t, int64[3] i) => (y) { y = Gather(t, i) }", "gather", "runs=3 run_length=10"),
    ("(bool[2,1,5,5] m, float[2,4,5,5] x, float s) => (y) { y = Where(m, x, s) }", "where", "rows=8 columns=25"),
    ("(bool[5,5] m, float x, float s) => (y) { y = Where(m, x, s) }", "where", "rows=1 columns=25"),
    ("(bool[5,5] m, int64[5,5] x, int64[5,5] z) => (y) { y = Where(m, x, z) }", "where", "rows=1 columns=50"),
    ("(float[3,1,6] x) => (y) { s = Constant<value_ints=[2,3,4,6]>() y = Expand(x, s) }",
     "expand", "runs=6 copies=4 run_length=6"),
    ("(float[3,6] x) => (y) { s = Constant<value_ints=[2,1]>() y = Tile(x, s) }", "expand", "runs=1 copies=2 run_length=18"),
    ("(float[3,6] x) => (y) { s = Constant<value_ints=[1,1]>() y = Tile(x, s) }", None, ""),
    ("(float[8,2,6] x, int64[2] l) => (y) { y = ReverseSequence(x, l) }", "reverse_sequence", "runs=16 run_length=6"),
    ("(float[1,60,15] x) => (y) { y = ArgMax<axis=-1>(x) }", "arg_max", "rows=60 columns=15"),
    ("(float[4,60] x) => (y, i) { k = Constant<value_ints=[5]>() y, i = TopK(x, k) }", "top_k", "rows=4 columns=60 kept=5"),
    ("(int64[4,6] i, float[2] v) => (y) { d = Constant<value_int=9>() y = OneHot(i, d, v) }", "one_hot", "rows=24 columns=9"),
    ("(float[4,6] x) => (y) { a = Constant<value_int=1>() y = CumSum(x, a) }", "cumulative_sum", "rows=4 columns=6"),
    ("(float[4,6] x, int64[4,3] i) => (y) { y = GatherElements<axis=1>(x, i) }", "gather_elements", "elements=12"),
    ("(float[4,6,7] x, int64[5,2] i) => (y) { y = GatherND(x, i) }", "gather_nd", "runs=5 run_length=7"),
    ("(float[4,6] x, int64[4,3] i, float[4,3] u) => (y) { y = ScatterElements(x, i, u) }",
     "scatter_elements", "elements=24 updates=12"),
    ("(float[4,6,7] x, int64[5,2] i, float[5,7] u) => (y) { y = ScatterND(x, i, u) }",
     "scatter_nd", "runs=5 run_length=7 rows=24"),
    ("(float[1,8,5,6] x) => (y) { y = DepthToSpace<blocksize=2>(x) }", "depth_to_space", "channels=2 height=5 width=6 block=2"),
    ("(float[1,2,10,12] x) => (y) { y = SpaceToDepth<blocksize=2>(x) }",
     "space_to_depth", "channels=2 height=5 width=6 block=2"),
    ("(float[1,8,50] x) => (y) { y = MaxPool<kernel_shape=[3], strides=[2], pads=[1,1]>(x) }",
     "max_pool1d", "channels=8 length=50 kernel=3 stride=2"),
    ("(float[1,8,50] x) => (y) { y = GlobalMaxPool(x) }", "global_pool", "rows=8 columns=50"),
    ("(float[1,8,4,6,6] x) => (y) { y = AveragePool<kernel_shape=[2,2,2], strides=[2,2,2]>(x) }",
     "average_pool3d", "channels=8 depth=4 height=6 width=6 kernel=2 stride=2"),
    ("(float[1,4,5,6,7] x, float[8,4,3,3,3] w) => (y) { y = Conv<pads=[1,1,1,1,1,1]>(x, w) }",
     "conv3d", "filters=8 channels=4 depth=5 height=6 width=7 kernel=3 kernel_height=3"),
    ("(float[1,4,20,3] x) => (y) { y = Cast<to=6>(x) }", "cast_short", "elements=240"),
    ("(float[3,8] x, float s, uint8 z) => (y) { y = QuantizeLinear(x, s, z) }", "quantize", "elements=24"),
    ("(uint8[3,8] x, float s, uint8 z) => (y) { y = DequantizeLinear(x, s, z) }", "dequantize", "elements=24"),
    ("(uint8[1,8,9,9] x, int8[6,8,3,3] w) => (y) { y = ConvInteger(x, w) }",
     "integer_conv2d_int8", "filters=6 channels=8 height=7"),
    ("(uint8[5,7] x, uint8[7,3] w) => (y) { y = MatMulInteger(x, w) }", "matmul_uint8", "rows=5 inner=7 columns=3 batch=1"),
    ("(float[2,3,5,5] a, float[2,1,5,5] b) => (y) { y = Concat<axis=1>(a, b) }", "concat", "runs=2 run_length=100"),
    ("(float[2,4,5] x) => (a, b) { a, b = Split<axis=-2, num_outputs=2>(x) }", "split", "runs=2 run_length=20"),
    ("(float[2,4,5] x) => (y) { s = Constant<value_ints=[1]>() e = Constant<value_ints=[3]>() a = Constant<value_ints=[1]>() "
     "y = Slice(x, s, e, a) }", "slice", "runs=2 run_length=10"),
    ("(float[2,4,5] x) => (y) { p = Constant<value_ints=[0,1,0,0,0,0]>() y = Pad(x, p) }", "pad", "runs=2 run_length=25"),
    ("(float[2,4,5,6] x) => (y) { y = Transpose<perm=[0,2,1,3]>(x) }", "transpose", "rows=4 columns=5 run_length=6 batch=2"),
    ("(float[2,4,5,6] x) => (y) { y = Transpose<perm=[0,2,3,1]>(x) }", "transpose", "rows=4 columns=30 run_length=1 batch=2"),
    ("(float[2,4,5,6] x) => (y) { y = Transpose<perm=[0,3,1,2]>(x) }", "transpose", "rows=20 columns=6 run_length=1 batch=2"),
    ("(float[4,5] x) => (y) { y = Transpose(x) }", "transpose", "rows=4 columns=5 run_length=1 batch=1"),
    ("(float[4,1,5] x) => (y) { y = Transpose<perm=[1,0,2]>(x) }", "reshape", "elements=20"),
    ("(float[4,1,5] x) => (y) { y = Flatten(x) }", "reshape", "elements=20"),
    ("(float[30,5] t, int64[2,3] i) => (y) { y = Gather(t, i) }", "gather", "runs=6 run_length=5"),
    ("(float[4,30,5] t, int64[3] i) => (y) { y = Gather<axis=1>(t, i) }", "gather", "runs=12 run_length=5"),
    ("(float[1,4,5,6] x) => (y) { e = Constant<value_floats=[1.0,1.0,2.0,2.0]>() y = Resize(x, , e) }",
     "resize_nearest", "channels=4 height=10 width=12"),
    ("(float[1,4,5,6] x) => (y) { e = Constant<value_floats=[1.0,1.0,2.0,2.0]>() y = Resize<mode=\"linear\">(x, , e) }",
     "resize_linear", "channels=4 height=10 width=12"),
    ("(float[1,4,5,6] x) => (y) { e = Constant<value_floats=[1.0,1.0,2.0,2.0]>() y = Resize<mode=\"cubic\">(x, , e) }",
     "resize_cubic", "channels=4 height=10 width=12"),
    ("(float[7,2,5] x, float[1,12,5] w, float[1,12,3] r) => (y) { y = LSTM<hidden_size=3>(x, w, r) }",
     "lstm", "hidden=3 inputs=5 steps=7 directions=1 batch=2"),
    ("(float[7,2,5] x, float[2,9,5] w, float[2,9,3] r) => (y) { y = GRU<hidden_size=3, direction=\"bidirectional\">(x, w, r) }",
     "gru", "hidden=3 inputs=5 steps=7 directions=2 batch=2"),
    ("(int64[4,5] x) => (y) { y = Cast<to=1>(x) }", "cast", "elements=20"),
    ("(float[4,5] x) => (y) { y = Cast<to=7>(x) }", "cast", "elements=20"),
    ("(int32[4,5] x) => (y) { y = Cast<to=1>(x) }", "cast_short", "elements=20"),
    ("(float[1,8,5,5] x) => (y) { y = LRN<size=5>(x) }", "lrn", "channels=8 height=5 width=5 batch=1 window=5"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "kind", "dimensions"), ROWS)
def test_a_node_is_read_as_what_it_is(text: str, kind: str | None, dimensions: str, tmp_path: Path) -> None:
    (layer,) = read_network(write_network(tmp_path, text)).layers
    assert layer.kind == kind
    expected = dict(word.split("=") for word in dimensions.split())
    found = {name: str(value) for name, value in (layer.dimensions or {}).items() if name in expected}
    assert found == expected


@pytest.mark.parametrize("name", sorted(light_networks()))
def test_every_layer_of_a_real_network_is_of_a_kind(name: str) -> None:
    for layer in read_network(light_networks()[name]).layers:
        assert layer.kind is not None, layer.op_type
        assert layer_kinds()[layer.kind].complete(layer.dimensions or {}) == layer.dimensions


@pytest.mark.parametrize(
    ("text", "precision", "dimensions"),
    [
        ("(float16[4,6] a, float16[4,6] b) => (y) { y = Less(a, b) }", "fp16", {"elements": 24}),
        ("(int64[4,6] a, int64[4,6] b) => (y) { y = Add(a, b) }", "fp32", {"elements": 48}),
        ("(float16[4,6] x) => (y) { y = ArgMax<axis=1>(x) }", "fp16", {"rows": 4, "columns": 6}),
        ("(double[4,6] a, double[4,6] b) => (y) { y = Add(a, b) }", "fp32", None),
        ("(int64[4,6] x) => (y) { y = Abs(x) }", "fp32", {"elements": 48}),
        ("(int64[4,6] x) => (y) { y = Softmax(x) }", "fp32", None),
    ],
)
def test_whole_numbers_count_as_fractions_of_as_many_bytes(
    text: str, precision: str, dimensions: dict[str, int] | None, tmp_path: Path
) -> None:
    (layer,) = read_network(write_network(tmp_path, text)).layers
    assert (layer.precision, layer.dimensions) == (precision, dimensions)
