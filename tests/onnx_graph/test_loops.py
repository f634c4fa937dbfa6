"""Loops: how often they run, where that follows from sizes, and what is known behind them."""

from pathlib import Path

import pytest

from blackthorn.onnx_graph.loading import load_model
from blackthorn.onnx_graph.loops import MOST_STEPS
from blackthorn.onnx_graph.resolving import ResolvedNode
from tests.networks import network_bytes
from tests.onnx_graph.test_rules import resolved

ROW_BY_ROW = """(float[8,3] x, float[3,4] w, int64 data) => (last, y) {{
    zero = Constant<value_int=0>() limit = Constant<value_int={limit}>() most = {most} go = Less(zero, limit)
    last, y = Loop(most, go, zero) <body = g (int64 i, bool more, int64 at) => (bool on, int64 next, float[1,4] row) {{
        r = Gather<axis=0>(x, at) row = MatMul(r, w) one = Constant<value_int=1>() next = Add(at, one) on = {on} }}> }}"""


def loop(folder: Path, text: str) -> ResolvedNode:
    path = folder / "net.onnx"
    path.write_bytes(network_bytes(text))
    return next(node for node in resolved(path) if node.op_type in ("Loop", "Scan"))


@pytest.mark.parametrize(
    ("limit", "most", "on", "passes"),
    [
        (8, "Constant<value_int=9223372036854775807>()", "Less(next, limit)", 8),
        (8, "Constant<value_int=5>()", "Less(next, limit)", 5),
        (8, "Constant<value_int=0>()", "Less(next, limit)", 0),
        (0, "Constant<value_int=5>()", "Less(next, limit)", 0),
        (8, "Constant<value_int=5000>()", "Identity(more)", 5000),
        (8, "Constant<value_int=9223372036854775807>()", "Identity(more)", None),
        (8, "Constant<value_int=5>()", "Not(more)", 1),
        (MOST_STEPS, "Identity(limit)", "Less(next, limit)", None),
        (8, "Identity(data)", "Identity(more)", None),
        (8, "Identity(limit)", "Less(next, data)", None),
        (8, "Identity(limit)", "com.microsoft.Whatever(next)", None),
    ],
)
def test_a_loop_runs_as_often_as_its_condition_says(limit: int, most: str, on: str, passes: int | None, tmp_path: Path) -> None:
    node = loop(tmp_path, ROW_BY_ROW.format(limit=limit, most=most, on=on))
    assert node.outputs[0].shape == ()
    assert node.outputs[1].shape == (None if passes is None else (passes, 4))
    assert node.macs == 3 * 4 * (1 if passes is None else passes)


def test_a_tensor_that_grows_from_pass_to_pass_has_no_known_shape(tmp_path: Path) -> None:
    text = """(float[2,3] x, float[4] z) => (a, b, y) {
        n = Constant<value_int=5>()
        a, b, y = Loop(n, , x, z) <body = g (int64 i, bool more, float s, float t) => (bool on, float p, float q, float r) {
            on = Identity(more) p = Concat<axis=0>(s, s) q = Relu(t) r = Relu(p) }> }"""
    assert [tensor.shape for tensor in loop(tmp_path, text).outputs] == [None, (4,), None]


def test_a_loop_that_does_not_match_its_body_gives_something_unknown(tmp_path: Path) -> None:
    text = """(float[2,3] x) => (last) {
        n = Constant<value_int=5>()
        last = Loop(n, , x, x) <body = g (int64 i, bool more, float[2,3] s) => (bool on, float[2,3] t) {
            on = Identity(more) t = Relu(s) }> }"""
    assert loop(tmp_path, text).outputs[0].shape is None


def test_a_scan_over_axes_of_different_lengths_gives_something_unknown(tmp_path: Path) -> None:
    text = """(float[5,3] x, float[4,3] z) => (y) {
        y = Scan<num_scan_inputs=2, body = g (float[3] a, float[3] b) => (float[3] c) { c = Add(a, b) }>(x, z) }"""
    assert loop(tmp_path, text).outputs[0].shape is None


@pytest.mark.parametrize("walked", [-1, 0, 3, 2**62])
def test_a_scan_over_more_inputs_than_it_has_gives_something_unknown(tmp_path: Path, walked: int) -> None:
    text = f"""(float[5,3] x, float[5,3] z) => (y) {{
        y = Scan<num_scan_inputs={walked}, body = g (float[3] a, float[3] b) => (float[3] c) {{ c = Add(a, b) }}>(x, z) }}"""
    assert loop(tmp_path, text).outputs[0].shape is None


def test_the_loops_of_a_network_share_their_steps(tmp_path: Path) -> None:
    long = ROW_BY_ROW.format(limit=MOST_STEPS // 4, most="Identity(limit)", on="Less(next, limit)")
    start = long.index("last, y = Loop")
    again = long[start : long.rindex("}")].replace("last, y =", "last2, y2 =")
    path = tmp_path / "net.onnx"
    path.write_bytes(network_bytes(f"{long[:start]}{long[start : long.rindex('}')]}{again} }}"))
    assert len(load_model(path).graph.nodes) == 6
    counted = [node.outputs[1].shape for node in resolved(path) if node.op_type == "Loop"]
    assert counted == [(MOST_STEPS // 4, 4), None]
