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
    ("(float[3,8,6] x) => (y) { a = Constant<value_ints=[0]>() y = ReduceSum(x, a) }", None, ""),
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
    ("(float[4,6] a, float[4,6] b, float[4,6] c) => (y) { y = Sum(a, b, c) }", None, ""),
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
     None, ""),
    ("(float[7,2,5] x, float[1,12,5] w, float[1,12,3] r) => (y) { y = LSTM<hidden_size=3>(x, w, r) }",
     "lstm", "hidden=3 inputs=5 steps=7 directions=1 batch=2"),
    ("(float[7,2,5] x, float[2,9,5] w, float[2,9,3] r) => (y) { y = GRU<hidden_size=3, direction=\"bidirectional\">(x, w, r) }",
     "gru", "hidden=3 inputs=5 steps=7 directions=2 batch=2"),
    ("(int64[4,5] x) => (y) { y = Cast<to=1>(x) }", "cast", "elements=20"),
    ("(float[4,5] x) => (y) { y = Cast<to=7>(x) }", None, ""),
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
