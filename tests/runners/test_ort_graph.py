"""Which ONNX nodes became what ONNX Runtime runs: on its own saved graphs, and on graphs written as it names them."""

from pathlib import Path

import pytest

from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.messages import Graph, Node
from blackthorn.runners.network import ExecutedNode
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.runners.ort_graph import executed_nodes
from tests.networks import light_networks, write_network

pytest.importorskip("onnxruntime")


def node(text: str, name: str = "", domain: str = "") -> Node:
    """A node from `output = Operator input input`."""
    output, _, call = text.partition(" = ")
    operator, *inputs = call.split()
    return Node(name, operator, domain, tuple(inputs), (output,), {})


def graph(*nodes: Node) -> Graph:
    return Graph(nodes, (), (), {}, {})


def ones(count: int) -> str:
    return "{" + ",".join(["1.0"] * count) + "}"


def executed(folder: Path, text: str) -> list[ExecutedNode]:
    """What ONNX Runtime runs of a network written as text."""
    path = write_network(folder, f'<ir_version: 8, opset_import: ["" : 17]> graph {text}')
    with OnnxRuntimeRunner() as runner, runner.load_network(path, {}) as loaded:
        return list(loaded.finish().executed)


def test_a_convolution_of_blocked_layout_has_what_leads_to_its_name_and_what_was_merged_after_it() -> None:
    original = graph(
        node("a = Conv x w1", "c1"),
        node("b = BatchNormalization a", "b1"),
        node("c = Relu b", "r1"),
        node("d = Conv c w2", "c2"),
        node("e = Add d x", "add"),
        node("f = Relu e", "r2"),
        node("g = MaxPool f", "pool"),
    )
    optimised = graph(
        node("t0 = ReorderInput x", "ReorderInput"),
        node("t1 = Conv t0 w1", "c_nchwc"),
        node("t2 = Conv t1 w2 t0", "d_nchwc_token_3"),
        node("t3 = MaxPool t2", "g_nchwc"),
        node("g = ReorderOutput t3", "ReorderOutput"),
    )
    assert [entry.nodes for entry in executed_nodes(original, optimised)] == [
        (),
        ("c1", "b1", "r1"),
        ("c2", "add", "r2"),
        ("pool",),
        (),
    ]


def test_the_shortcut_does_not_take_the_main_path_of_a_residual_block() -> None:
    """The sum belongs to the convolution that runs last; the activation before the block to the one before."""
    original = graph(
        node("a = Conv x w"),
        node("b = Add a x"),
        node("c = Relu b"),
        node("d = Conv c w"),
        node("e = Add d c"),
        node("f = Relu e"),
    )
    optimised = graph(node("c = FusedConv x w x", "Conv_0"), node("f = FusedConv c w c", "Conv_3"))
    first, second = executed_nodes(original, optimised)
    assert first.nodes == ("Conv_0", "Add_1", "Relu_2")
    assert second.nodes == ("Conv_3", "Add_4", "Relu_5")


def test_a_normalization_that_runs_as_a_convolution_is_found_by_its_ending() -> None:
    original = graph(node("a = Concat x y"), node("b = BatchNormalization a"), node("c = Mul b s"), node("d = Add c t"))
    optimised = graph(
        node("a = Concat x y", "Concat_0"),
        node("u = Conv a", "b_bn_nchwc"),
        node("v = Conv u", "c_mul_nchwc"),
    )
    assert [entry.nodes for entry in executed_nodes(original, optimised)] == [
        ("Concat_0",),
        ("BatchNormalization_1",),
        ("Mul_2", "Add_3"),
    ]


def test_a_node_that_gives_new_names_is_found_by_its_own() -> None:
    original = graph(node("a = Gemm x w", "dense"))
    optimised = graph(node("made_up = Gemm x w", "dense"), node("a = Cast made_up", "InsertedCast"))
    first, second = executed_nodes(original, optimised)
    assert first.name == "dense"
    assert second.nodes == ("dense",)


def test_a_kernel_on_blocks_that_is_named_after_its_last_node_is_found() -> None:
    original = graph(node("a = Conv x w"), node("s = Sigmoid a"), node("b = Mul a s", "Mul_2"), node("c = Conv b v"))
    optimised = graph(
        node("t0 = ReorderInput x", "ReorderInput"),
        node("t1 = Conv t0 w", "a_nchwc"),
        node("t2 = QuickGelu t1", "Mul_2/QuickGeluFusion/"),
        node("t3 = Conv t2 v", "c_nchwc"),
        node("c = ReorderOutput t3", "ReorderOutput"),
    )
    found = executed_nodes(original, optimised)
    assert [entry.nodes[:1] for entry in found] == [(), ("Conv_0",), ("Mul_2",), ("Conv_3",), ()]


def test_transpositions_around_convolutions_of_8_bits_are_of_no_node() -> None:
    original = graph(
        node("a = QuantizeLinear x"),
        node("b = DequantizeLinear a"),
        node("c = Conv b w", "conv"),
        node("d = QuantizeLinear c", "round"),
        node("e = Transpose d", "Transpose_4"),
    )
    optimised = graph(
        node("a = QuantizeLinear x", "QuantizeLinear_0"),
        node("t0 = Transpose a", "Transpose"),
        node("t1 = QLinearConv t0 w", "conv_token_1"),
        node("d = Transpose t1", "Transpose_token_0"),
        node("e = Transpose d", "Transpose_4"),
    )
    found = [entry.nodes for entry in executed_nodes(original, optimised)]
    assert found == [("QuantizeLinear_0", "DequantizeLinear_1"), (), ("conv", "round"), (), ("Transpose_4",)]


@pytest.mark.parametrize("name", ["light_squeezenet", "light_shufflenet", "light_inception_v2", "light_densenet121"])
def test_every_layer_of_a_network_is_part_of_exactly_one_thing_that_runs(name: str) -> None:
    path = light_networks()[name]
    with OnnxRuntimeRunner() as runner, runner.load_network(path, {}) as loaded:
        became = [node for entry in loaded.finish().executed for node in entry.nodes]
    assert len(became) == len(set(became))
    assert {node for layer in read_network(path).layers for node in layer.nodes} <= set(became)


def test_convolutions_stay_convolutions() -> None:
    path = light_networks()["light_shufflenet"]
    operators = {layer.name: layer.op_type for layer in read_network(path).layers}
    with OnnxRuntimeRunner() as runner, runner.load_network(path, {}) as loaded:
        for entry in loaded.finish().executed:
            found = {operators[node] for node in entry.nodes if node in operators}
            assert ("Conv" in entry.operator) == ("Conv" in found)


def test_a_normalization_written_out_in_nine_nodes_is_one(tmp_path: Path) -> None:
    text = f"""
    (float[2,8,64] x) => (float[2,8,64] y)
    <float eps = {{1e-5}}, float two = {{2.0}}, float[64] g = {ones(64)}, float[64] b = {ones(64)}>
    {{ m = ReduceMean<axes=[-1], keepdims=1>(x)  d = Sub(x, m)  p = Pow(d, two)  v = ReduceMean<axes=[-1], keepdims=1>(p)
       w = Add(v, eps)  s = Sqrt(w)  q = Div(d, s)  n = Mul(q, g)  y = Add(n, b) }}
    """
    (only,) = executed(tmp_path, text)
    assert only.operator == "LayerNormalization"
    assert len(only.nodes) == 9


def test_a_product_with_bias_and_activation_is_one(tmp_path: Path) -> None:
    text = f"""
    (float[1,8] x) => (float[1,8] y) <float[8,8] w = {ones(64)}, float[8] b = {ones(8)}>
    {{ a = MatMul(x, w)  c = Add(a, b)  y = Relu(c) }}
    """
    (only,) = executed(tmp_path, text)
    assert only.nodes == ("MatMul_0", "Add_1", "Relu_2")


def test_nodes_without_names_are_named_as_the_reader_names_them(tmp_path: Path) -> None:
    text = "(float[2] x) => (float[2] z) { a = Constant<value_floats=[1.0, 2.0]>()  y = Sin(x)  z = Softmax(y) }"
    nodes = [entry.nodes for entry in executed(tmp_path, text)]
    assert nodes == [("Sin_1",), ("Softmax_2",)]
    assert nodes == [layer.nodes for layer in read_network(tmp_path / "net.onnx").layers]
