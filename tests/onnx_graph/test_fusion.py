"""Rules that rewrite a network: what they see, what they leave, and what they keep their hands off."""

from collections.abc import Mapping
from pathlib import Path

import pytest
from msgspec.structs import replace

from blackthorn.layers import layer_kind
from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.fusion import (
    Block,
    Chain,
    Drop,
    Flatten,
    Fold,
    Fuse,
    FuseAll,
    Fusions,
    JoinInPlace,
    Merge,
    Pattern,
    Reformat,
    Repeat,
    Step,
    TakeApart,
    Widen,
    fuse,
)
from blackthorn.onnx_graph.inputs import settle_inputs
from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.resolving import ResolvedNode, resolve
from blackthorn.onnx_graph.tensors import Tensor
from blackthorn.records import NetworkLayer
from tests.networks import OPSET, light_networks, write_network

RELU = Fuse(Pattern("c = Conv(rest...)  y = Relu(c)"), "c")
SUM = Fuse(Pattern("c = Conv(rest...)  y = Add(c, z)"), "c")
CONV = "(float[1,16,8,8] x, float[16,16,1,1] w) => (y) "
SIGMOID = Pattern("s = Sigmoid(x)  y = Mul(x, s)")


def nodes(folder: Path, text: str, *steps: Step) -> list[ResolvedNode]:
    """What the steps leave of a network."""
    path = write_network(folder, text)
    model = load_model(path)
    return fuse(resolve(model, settle_inputs(model.graph, {}, str(path)), str(path)), steps)


def operators(folder: Path, text: str, *steps: Step) -> list[str]:
    return [node.op_type for node in nodes(folder, text, *steps)]


def layers(folder: Path, text: str, *steps: Step) -> tuple[NetworkLayer, ...]:
    return read_network(write_network(folder, text), fusions=steps).layers


def test_a_fused_layer_is_called_after_its_main_node_and_lists_all(tmp_path: Path) -> None:
    (layer,) = layers(tmp_path, CONV + "{ c = Conv(x, w) y = Relu(c) }", FuseAll((RELU,)))
    assert (layer.name, layer.op_type, layer.kind) == ("Conv_0", "Conv", "conv2d")
    assert layer.nodes == ("Conv_0", "Relu_1")
    assert layer.dimensions == layer_kind("conv2d").complete({"filters": 16, "channels": 16, "size": 8, "kernel": 1})
    assert layer.macs == 16 * 16 * 64


def test_a_written_out_activation_gets_the_name_of_its_last_node(tmp_path: Path) -> None:
    text = "(float[2,3] x) => (y) { s = Sigmoid(x) y = Mul(x, s) }"
    (node,) = nodes(tmp_path, text, FuseAll((Fuse(SIGMOID, becomes="QuickGelu", reads=("x",)),)))
    assert (node.name, node.op_type, node.members) == ("Mul_1", "QuickGelu", ("Mul_1", "Sigmoid_0"))
    assert [tensor and tensor.shape for tensor in (*node.inputs, *node.outputs)] == [(2, 3), (2, 3)]


def test_what_a_fused_node_adds_is_read_after_it_is_given(tmp_path: Path) -> None:
    text = CONV + "{ c = Conv(x, w) r = Exp(x) y = Add(c, r) }"
    exponential, convolution = nodes(tmp_path, text, FuseAll((SUM,)))
    assert exponential.op_type == "Exp"
    assert convolution.also_reads == (exponential.outputs[0].identity,)
    assert len(convolution.inputs) == 2


@pytest.mark.parametrize(
    "body",
    [
        "{ c = Conv(x, w) y = Relu(c) z = Exp(c) }",
        "{ c = Conv(x, w) d = Relu(c) e = Exp(d) y = Mul(e, c) }",
        "{ c = Conv(x, w) d = Exp(c) y = Relu(d) }",
    ],
)
def test_what_others_read_too_is_not_fused(body: str, tmp_path: Path) -> None:
    assert "Relu" in operators(tmp_path, CONV + body, FuseAll((RELU,)))


def test_a_result_of_the_network_is_not_fused_away(tmp_path: Path) -> None:
    text = "(float[1,16,8,8] x, float[16,16,1,1] w) => (c, y) { c = Conv(x, w) y = Relu(c) }"
    assert operators(tmp_path, text, FuseAll((RELU,))) == ["Conv", "Relu"]


def test_what_a_branch_reads_is_not_fused_away(tmp_path: Path) -> None:
    text = """(float[1,16,8,8] x, float[16,16,1,1] w, bool flag) => (y, z) {
        c = Conv(x, w) y = Relu(c)
        z = If (flag) <then_branch = g () => (float[1,16,8,8] p) { p = Exp(c) },
                       else_branch = h () => (float[1,16,8,8] q) { q = Exp(x) }> }"""
    assert operators(tmp_path, text, FuseAll((RELU,))) == ["Conv", "Relu", "If"]


def test_tensors_keep_their_identity_through_functions(tmp_path: Path) -> None:
    header = f'<ir_version: 8, opset_import: ["" : {OPSET}, "local" : 1]> main '
    function = f' <domain: "local", opset_import: ["" : {OPSET}]> act (a) => (b) {{ b = Relu(a) }}'
    text = header + CONV + "{ c = Conv(x, w) y = local.act(c) }" + function
    (layer,) = layers(tmp_path, text, FuseAll((RELU,)))
    assert layer.nodes == ("Conv_0", "act_1/Relu_0")


def test_capitals_are_constants_and_numbers_their_values(tmp_path: Path) -> None:
    text = """(float[2,3] x, float[3] v) => (y) {
        w = Constant<value=float[3] {1,2,3}>() two = Constant<value=float {2.0}>()
        a = Add(x, w) b = Add(a, v) c = Mul(two, b) d = Mul(c, w) y = Exp(d) }"""
    constant = Fuse(Pattern("a = Add(x, W)  y = Add(a, v)"))
    assert operators(tmp_path, text, Fold(), FuseAll((constant,))) == ["Add", "Mul", "Mul", "Exp"]
    number = Fuse(Pattern("c = Mul(b, 2)  y = Mul(c, W)"))
    assert operators(tmp_path, text, Fold(), FuseAll((number,))) == ["Add", "Add", "Mul", "Exp"]
    other_number = Fuse(Pattern("c = Mul(b, 3)  y = Mul(c, W)"))
    assert operators(tmp_path, text, Fold(), FuseAll((other_number,))) == ["Add", "Add", "Mul", "Mul", "Exp"]
    in_order = Fuse(Pattern("c = Mul(b, 2)  y = Mul(c, W)", either_order=False))
    assert operators(tmp_path, text, Fold(), FuseAll((in_order,))) == ["Add", "Add", "Mul", "Mul", "Exp"]


def test_one_fusion_can_be_part_of_the_next(tmp_path: Path) -> None:
    text = CONV + "{ c = Conv(x, w) d = Relu(c) e = Add(d, x) y = Relu(e) }"
    (layer,) = layers(tmp_path, text, FuseAll((RELU, SUM)))
    assert layer.nodes == ("Conv_0", "Relu_1", "Add_2", "Relu_3")


def test_what_only_hands_on_is_dropped_with_everything_behind_it_reading_on(tmp_path: Path) -> None:
    steps: Fusions = (Drop({"Identity": lambda node: node.inputs[0], "Dropout": lambda node: node.inputs[0]}), FuseAll((RELU,)))
    text = CONV + "{ c = Conv(x, w) i = Identity(c) d = Dropout(i) y = Relu(d) }"
    (layer,) = layers(tmp_path, text, *steps)
    assert layer.nodes == ("Conv_0", "Relu_3")
    given = "(float[1,16,8,8] x, float[16,16,1,1] w) => (i, y) { c = Conv(x, w) i = Identity(c) y = Relu(c) }"
    assert operators(tmp_path, given, *steps) == ["Conv", "Relu"]


def test_nodes_that_do_the_same_run_once(tmp_path: Path) -> None:
    text = """(float[2,3] x) => (y) {
        a = Constant<value=float {2.0}>() b = Constant<value=float {2.0}>() c = Constant<value=float {3.0}>()
        d = Mul(x, a) e = Mul(x, b) f = Mul(x, c) g = Add(d, e) y = Add(g, f) }"""
    left = nodes(tmp_path, text, Merge(8), Fold())
    assert [node.members for node in left] == [("Mul_3", "Mul_4"), ("Mul_5",), ("Add_6",), ("Add_7",)]
    assert operators(tmp_path, text, Merge(0), Fold()) == ["Mul", "Mul", "Mul", "Add", "Add"]


def test_chance_and_results_are_never_merged(tmp_path: Path) -> None:
    chance = "(float[2] x) => (y) { a = RandomNormalLike(x) b = RandomNormalLike(x) y = Add(a, b) }"
    assert operators(tmp_path, chance, Merge(8)) == ["RandomNormalLike", "RandomNormalLike", "Add"]
    assert operators(tmp_path, "(float[2] x) => (y, z) { y = Exp(x) z = Exp(x) }", Merge(8)) == ["Exp", "Exp"]


def test_an_operator_is_taken_apart_and_its_parts_can_be_fused(tmp_path: Path) -> None:
    apart = TakeApart("Swish", Pattern("s = Sigmoid(x)  y = Mul(x, s)"))
    text = "(float[2,3] x) => (y) { a = Swish(x) y = Exp(a) }"
    assert operators(tmp_path, text, apart) == ["Sigmoid", "Mul", "Exp"]
    assert operators(tmp_path, text, apart, FuseAll((Fuse(SIGMOID, becomes="QuickGelu", reads=("x",)),))) == [
        "QuickGelu",
        "Exp",
    ]


def test_a_stack_of_matrices_is_flattened_for_a_product_of_two(tmp_path: Path) -> None:
    text = "(float[2,5,8] x, float[8,6] w, float[6] b) => (y) { m = MatMul(x, w) y = Add(m, b) }"
    product = Fuse(Pattern("m = MatMul(x, w)  y = Add(m, b)"), "m", "Gemm", ("x", "w", "b"))
    before, gemm, after = nodes(tmp_path, text, FuseAll((product,)), Flatten("Gemm"))
    assert [node.op_type for node in (before, gemm, after)] == ["Reshape", "Gemm", "Reshape"]
    assert [node.outputs[0].shape for node in (before, gemm, after)] == [(10, 8), (10, 6), (2, 5, 6)]
    assert (before.members, gemm.members, after.members) == ((), ("MatMul_0", "Add_1"), ())


BLOCK = Block(16, 4, (RELU,), frozenset(("Tanh",)))


def shapes(layer: ResolvedNode) -> Mapping[str, object]:
    return {layer.op_type: (layer.inputs[0] and layer.inputs[0].shape, layer.outputs[0].shape)}


def test_changes_of_layout_are_layers_with_the_shape_of_the_image(tmp_path: Path) -> None:
    text = "(float[1,32,8,8] x) => (y) { p = MaxPool<kernel_shape=[2,2]>(x) y = Exp(p) }"
    before, pool, after, _ = nodes(tmp_path, text, BLOCK)
    assert shapes(before) == {"ReorderInput": ((1, 32, 8, 8), (1, 32, 8, 8))}
    assert shapes(after) == {"ReorderOutput": ((1, 32, 7, 7), (1, 32, 7, 7))}
    assert (before.members, pool.members, after.members) == ((), ("MaxPool_0",), ())
    assert before.name == "MaxPool_0/ReorderInput"
    assert after.name == "MaxPool_0/ReorderOutput"


def test_what_goes_in_and_out_of_the_layout_does_so_once(tmp_path: Path) -> None:
    pools = "p = MaxPool<kernel_shape=[2,2]>(x) q = MaxPool<kernel_shape=[2,2]>(x) r = MaxPool<kernel_shape=[2,2]>(p)"
    text = f"(float[1,16,8,8] x) => (p, q, y) {{ {pools} a = Exp(p) b = Exp(r) c = Erf(p) y = Add(a, c) }}"
    found = operators(tmp_path, text, BLOCK)
    assert (found.count("ReorderInput"), found.count("ReorderOutput")) == (1, 3)


def test_the_same_file_is_fused_the_same_twice() -> None:
    path = light_networks()["light_squeezenet"]
    steps = (Merge(8), Fold(), FuseAll((RELU,)), BLOCK)
    assert read_network(path, fusions=steps) == read_network(path, fusions=steps)


POINTS = Chain(frozenset({"Add", "Exp", "Mul", "Relu", "Sigmoid"}))
CHANNELS_LAST = Reformat(frozenset({"Conv"}), frozenset({"Add"}), frozenset({"Reshape", "Flatten"}))
HALF = "(float16[1,16,8,8] x, float16[16,16,1,1] w) => "


def test_what_is_dropped_may_change_the_shape(tmp_path: Path) -> None:
    def flat(node: ResolvedNode) -> Tensor | None:
        return replace(node.outputs[0], identity=node.inputs[0].identity) if node.inputs[0] else None

    step = Drop({"Flatten": flat, "Identity": lambda node: node.inputs[0]})
    for text in ("f = Flatten(a) i = Identity(f)", "i2 = Identity(a) i = Flatten(i2)", "f = Flatten<axis=3>(a) i = Flatten(f)"):
        first, last = nodes(tmp_path, "(float[2,3,4,5] x) => (y) { a = Exp(x) " + text + " y = Softmax(i) }", step)
        assert [tensor.shape for tensor in last.inputs if tensor] == [last.outputs[0].shape]
        assert last.inputs[0] is not None
        assert last.inputs[0].identity == first.outputs[0].identity


def test_a_chain_is_called_after_the_node_that_reads_as_much_as_it_does(tmp_path: Path) -> None:
    (swish,) = layers(tmp_path, "(float[2,3] x) => (y) { s = Sigmoid(x) y = Mul(x, s) }", POINTS)
    assert (swish.name, swish.kind, swish.nodes) == ("Sigmoid_0", "sigmoid", ("Sigmoid_0", "Mul_1"))
    (total,) = layers(tmp_path, "(float[2,3] x, float[2,3] z) => (y) { s = Add(x, z) r = Relu(s) y = Exp(r) }", POINTS)
    assert (total.name, total.kind, len(total.nodes)) == ("Add_0", "add", 3)


def test_a_chain_takes_in_both_ways_to_its_end(tmp_path: Path) -> None:
    text = "(float[2,3] x) => (y) { e = Exp(x) s = Sigmoid(e) m = Mul(e, s) y = Add(m, e) }"
    assert operators(tmp_path, text, POINTS) == ["Sigmoid"]
    assert operators(tmp_path, text.replace("=> (y)", "=> (y, e)"), POINTS) == ["Exp", "Sigmoid"]


def test_a_chain_keeps_the_constants_of_its_node(tmp_path: Path) -> None:
    text = "(float[2,3] x) => (y) { c = Constant<value_float=2.0>() m = Mul(x, c) y = Relu(m) }"
    *_, chained = nodes(tmp_path, text, Fold(), POINTS)
    assert (chained.op_type, len(chained.inputs)) == ("Relu", 1)
    *_, turned = nodes(tmp_path, text.replace("m = Mul(x, c) y = Relu(m)", "r = Relu(x) y = Mul(r, c)"), Fold(), POINTS)
    assert [tensor.constant for tensor in turned.inputs if tensor] == [False, True]


def test_convolutions_of_one_image_become_one_of_all_filters(tmp_path: Path) -> None:
    text = """(float[1,16,8,8] x) => (y, z) {
        s = Constant<value_ints=[24,16,1,1]>() t = Constant<value_ints=[8,16,1,1]>()
        w = ConstantOfShape(s) v = ConstantOfShape(t) y = Conv(x, w) z = Conv(x, v) }"""
    (layer,) = layers(tmp_path, text, Fold(), Widen("Conv"))
    assert layer.dimensions is not None
    assert (layer.kind, layer.dimensions["filters"], layer.macs) == ("conv2d", 32, 32 * 16 * 64)
    grouped = text.replace("Conv(", "Conv<group=2>(").replace(",16,1,1]>", ",8,1,1]>")
    assert len(layers(tmp_path, grouped, Fold(), Widen("Conv"))) == 2
    assert len(layers(tmp_path, text.replace("Conv(x, v)", "Conv<strides=[2,2]>(x, v)"), Fold(), Widen("Conv"))) == 2


def test_an_image_is_copied_once_for_all_that_want_its_channels_last(tmp_path: Path) -> None:
    text = HALF + "(y) { a = Conv(x, w) b = Conv(x, w) c = Add(a, b) y = Conv(c, w) }"
    assert operators(tmp_path, text, CHANNELS_LAST) == ["Reformat", "Conv", "Conv", "Add", "Conv", "Reformat"]
    assert "Reformat" not in operators(tmp_path, text.replace("float16", "float"), CHANNELS_LAST)


def test_an_image_whose_axes_are_turned_does_not_lie_with_channels_last(tmp_path: Path) -> None:
    turned = HALF + "(y) { a = Conv(x, w) t = Transpose<perm=[0,2,3,1]>(a) f = Flatten(t) y = Softmax(f) }"
    assert operators(tmp_path, turned, CHANNELS_LAST) == ["Reformat", "Conv", "Transpose", "Softmax"]
    plain = turned.replace("Transpose<perm=[0,2,3,1]>(a)", "Add(a, a)")
    assert operators(tmp_path, plain, CHANNELS_LAST) == ["Reformat", "Conv", "Add", "Flatten", "Softmax"]


def test_what_reads_a_result_too_reads_it_before_it_is_copied_out(tmp_path: Path) -> None:
    _, conv, *rest = nodes(tmp_path, HALF + "(a, y) { a = Conv(x, w) y = Flatten(a) }", CHANNELS_LAST)
    assert sorted(node.op_type for node in rest) == ["Flatten", "Reformat"]
    assert all(node.inputs[0] and node.inputs[0].identity == conv.outputs[0].identity for node in rest)


def test_joined_images_are_there_before_they_are_read(tmp_path: Path) -> None:
    text = """(float[1,4,8,8] x) => (y) { a = Exp(x) b = Relu(x) c = Concat<axis=1>(a, b) d = Sigmoid(x)
        e = Concat<axis=1>(d, c) y = Softmax(e) }"""
    assert operators(tmp_path, text, JoinInPlace()) == ["Exp", "Relu", "Sigmoid", "Softmax"]
    *_, last = nodes(tmp_path, text, JoinInPlace())
    assert len(last.also_reads) == 4


@pytest.mark.parametrize("joined", ["x, a", "a, a", "b, a"])
def test_joined_images_are_copied_where_others_have_them(joined: str, tmp_path: Path) -> None:
    text = f"(float[1,4,8,8] x) => (y, b) {{ a = Exp(x) b = Relu(x) c = Concat<axis=1>({joined}) y = Softmax(c) }}"
    assert "Reformat" in operators(tmp_path, text, JoinInPlace())


@pytest.mark.parametrize("text", ["(y) { a = Exp(x) y = Concat<axis=1>(a, x) }", "(y) { c = Concat<axis=2>(x, x) y = Exp(c) }"])
def test_other_images_are_joined_by_a_node(text: str, tmp_path: Path) -> None:
    assert "Concat" in operators(tmp_path, "(float[1,4,8,8] x) => " + text, JoinInPlace())


def test_every_reader_has_a_node_to_itself(tmp_path: Path) -> None:
    repeated = nodes(tmp_path, "(float[2,3] x) => (y) { e = Exp(x) r = Relu(e) m = Mul(r, e) y = Add(m, e) }", Repeat("Exp"))
    given = [node.outputs[0].identity for node in repeated if node.op_type == "Exp"]
    assert len(given) == 3
    assert [sum(identity in node.reads for node in repeated) for identity in given] == [1, 1, 1]
