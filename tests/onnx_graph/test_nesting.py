"""Functions, branches and loops: what runs inside them."""

from pathlib import Path

import pytest

from blackthorn.errors import BadFile
from blackthorn.onnx_graph import read_network
from blackthorn.onnx_graph.decoding import DEEPEST_NESTING
from blackthorn.onnx_graph.fusion import Fuse, FuseAll, Pattern
from blackthorn.records import NetworkLayer
from tests.networks import OPSET, write_network

HEADER = f'<ir_version: 8, opset_import: ["" : {OPSET}, "local" : 1]> '
CALL = HEADER + "main (float[1,3,8,8] x, float[4,3,3,3] w) => (y) { y = local.block<stride=2>(x, w) }"


def layers(folder: Path, text: str) -> tuple[NetworkLayer, ...]:
    return read_network(write_network(folder, text)).layers


def function(body: str, head: str = "block (x, w, b) => (y)") -> str:
    return f'{CALL} <domain: "local", opset_import: ["" : {OPSET}]> {head} {{ {body} }}'


def test_calls_of_the_files_own_functions_are_replaced_by_what_they_hold(tmp_path: Path) -> None:
    found = layers(tmp_path, function("c = Conv(x, w, b) y = Relu(c)"))
    assert [(layer.name, layer.kind) for layer in found] == [("block_0/Conv_0", "conv2d"), ("block_0/Relu_1", "relu")]


def test_attributes_of_a_call_reach_the_nodes_inside(tmp_path: Path) -> None:
    found = layers(
        tmp_path, function("y = MaxPool<kernel_shape=[2,2], ceil_mode: int = @stride>(x)", "block <stride> (x, w) => (y)")
    )
    assert len(found) == 1
    left_out = layers(tmp_path, function("c = Conv<group: int = @groups>(x, w) y = Relu(c)", "block <groups> (x, w) => (y)"))
    assert [layer.kind for layer in left_out] == ["conv2d", "relu"]


def test_defaults_of_a_function_stand_where_the_call_says_nothing(tmp_path: Path) -> None:
    body = "c = Conv<group: int = @groups>(x, w)  y = Relu(c)"
    with pytest.raises(BadFile, match=r"Conv_0.*weights for 6 channels meet 3"):
        layers(tmp_path, function(body, "block <groups: int = 2> (x, w) => (y)"))


@pytest.mark.parametrize("body", ["y = local.block(x, w)", "a = local.block(x, w) y = local.block(a, w)"])
def test_a_function_that_calls_itself_is_refused(body: str, tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=f"more than {DEEPEST_NESTING} deep"):
        layers(tmp_path, function(body))


def test_functions_that_double_their_work_at_every_level_are_refused(tmp_path: Path) -> None:
    text = HEADER + "main (float[2] x) => (y) { y = local.f0(x) }"
    for level in range(24):
        body = f"a = local.f{level + 1}(x) y = local.f{level + 1}(a)"
        text += f' <domain: "local", opset_import: ["" : 1]> f{level} (x) => (y) {{ {body} }}'
    with pytest.raises(BadFile, match="more than 100000 nodes"):
        layers(tmp_path, text + f' <domain: "local", opset_import: ["" : {OPSET}]> f24 (x) => (y) {{ y = Relu(x) }}')


IF = """(float[2,3] x, bool flag) => (y) {{
    {condition}
    a = If (c) <then_branch = g () => (float[2,4] p) {{
                   n = Constant<value_ints=[3,4]>() w = ConstantOfShape(n) p = MatMul(x, w) }},
               else_branch = h () => (float[2,4] p) {{ q = {other}(x) p = Pad(q, pads) }}>
    y = Relu(a) }}"""
PADS = "pads = Constant<value_ints=[0,0,0,1]>()"


def test_a_decided_branch_is_replaced_by_what_it_holds(tmp_path: Path) -> None:
    for flag, expected in ((1, ["MatMul", "Relu"]), (0, ["Exp", "Pad", "Relu"])):
        text = IF.format(condition=f"{PADS} k = Constant<value_int={flag}>() c = Cast<to=9>(k)", other="Exp")
        assert [layer.op_type for layer in layers(tmp_path, text)] == expected


def test_of_undecided_branches_both_are_listed_and_the_one_with_most_work_counts(tmp_path: Path) -> None:
    found = layers(tmp_path, IF.format(condition=f"{PADS} c = Identity(flag)", other="Exp"))
    assert [(layer.name, layer.kind, layer.macs, layer.times) for layer in found] == [
        ("If_2/then_branch/MatMul_2", "dense", 2 * 3 * 4, 1),
        ("If_2/else_branch/Exp_0", "relu", 0, 0),
        ("If_2/else_branch/Pad_1", "pad", 0, 0),
        ("Relu_3", "relu", 0, 1),
    ]


def test_of_branches_without_products_the_one_that_writes_most_counts(tmp_path: Path) -> None:
    text = """(float[2,3] x, bool flag) => (y) {
        y = If (flag) <then_branch = g () => (float[2,3] p) { p = Relu(x) },
                       else_branch = h () => (float[2,3] p) { q = Exp(x) p = Relu(q) }> }"""
    assert [(layer.op_type, layer.times) for layer in layers(tmp_path, text)] == [("Relu", 0), ("Exp", 1), ("Relu", 1)]


def test_what_branches_agree_on_is_known_behind_them(tmp_path: Path) -> None:
    text = """(float[1,3,8,8] x, float[4,3,3,3] w, bool flag) => (y) {{
        a = If (flag) <then_branch = g () => (float[1,3,8,8] p) {{ p = Exp(x) }},
                       else_branch = h () => (float[1,3,8,8] p) {{ p = {other} }}>
        y = Conv(a, w) }}"""
    assert layers(tmp_path, text.format(other="Relu(x)"))[-1].kind == "conv2d"
    assert layers(tmp_path, text.format(other="Transpose<perm=[0,1,3,2]>(x)"))[-1].kind == "conv2d"
    assert layers(tmp_path, text.format(other="GlobalMaxPool(x)"))[-1].kind is None


def test_of_two_branches_the_one_that_fits_is_the_one_that_runs(tmp_path: Path) -> None:
    text = """(float[2,3] x, float[5,3] z, bool flag) => (y) {
        y = If (flag) <then_branch = g () => (float[2,3] p) { p = Relu(x) },
                       else_branch = h () => (float[2,3] p) { p = MatMul(x, z) }> }"""
    assert [layer.op_type for layer in layers(tmp_path, text)] == ["Relu"]
    neither = text.replace("Relu(x)", "MatMul(x, z)")
    assert [layer.op_type for layer in layers(tmp_path, neither)] == ["If"]


LOOP = """(float[2,3] x, float[3,3] w, int64 data) => (y, last) {{
    go = Constant<value_int=1>() c = Cast<to=9>(go) n = {most}
    last, y = Loop (n, c, x) <body = g (int64 i, bool more, float[2,3] s) => (bool on, float[2,3] t, float[2,3] u) {{
        on = Identity(more) r = MatMul(s, w) t = Relu(r) u = Exp(s) }}> }}"""


def test_layers_of_a_loop_run_as_often_as_it_does(tmp_path: Path) -> None:
    found = layers(tmp_path, LOOP.format(most="Constant<value_int=7>()"))
    assert [(layer.name, layer.kind, layer.macs, layer.times) for layer in found] == [
        ("Loop_3/MatMul_1", "matmul", 7 * 18, 7),
        ("Loop_3/Relu_2", "relu", 0, 7),
        ("Loop_3/Exp_3", "relu", 0, 7),
    ]


def test_a_loop_whose_data_decide_is_one_layer_of_no_kind(tmp_path: Path) -> None:
    found = layers(tmp_path, LOOP.format(most="Identity(data)"))
    assert [(layer.op_type, layer.kind, layer.macs, layer.times) for layer in found] == [("Loop", None, 18, 1)]


def test_loops_within_loops_multiply(tmp_path: Path) -> None:
    text = """(float[2,3] x) => (y) {
        n = Constant<value_int=5>()
        y = Loop (n, , x) <body = g (int64 i, bool more, float[2,3] s) => (bool on, float[2,3] t) {
            on = Identity(more) m = Constant<value_int=3>()
            t = Loop (m, , s) <body = h (int64 j, bool more2, float[2,3] u) => (bool on2, float[2,3] v) {
                on2 = Identity(more2) v = Relu(u) }> }> }"""
    assert [(layer.name, layer.times) for layer in layers(tmp_path, text)] == [("Loop_1/Loop_2/Relu_1", 15)]


def test_what_is_in_a_loop_is_fused_by_itself(tmp_path: Path) -> None:
    path = write_network(tmp_path, LOOP.format(most="Constant<value_int=7>()").replace("MatMul(s, w)", "Sigmoid(s)"))
    fused = read_network(path, fusions=(FuseAll((Fuse(Pattern("r = Sigmoid(x)  y = Relu(r)")),)),)).layers
    assert [(layer.nodes, layer.times) for layer in fused] == [
        (("Loop_3/Relu_2", "Loop_3/Sigmoid_1"), 7),
        (("Loop_3/Exp_3",), 7),
    ]
