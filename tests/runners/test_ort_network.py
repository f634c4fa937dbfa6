"""A whole network on ONNX Runtime: every call is told node by node, and nothing is left behind."""

import tempfile
from pathlib import Path

import numpy as np
import pytest

from blackthorn.errors import BadFile, BadValue, NotMeasured, UnknownName
from blackthorn.onnx_graph.messages import Graph, Node
from blackthorn.runners.ort_network import OnnxRuntimeNetwork, node_times
from blackthorn.runners.ort_profiler import IdleNodes, Overhead
from blackthorn.runners.ort_session import NodeTime, Threads
from blackthorn.runners.simulated import SimulatedRunner
from tests.networks import write_network

pytest.importorskip("onnxruntime")

CHAIN = "(float[n, 8] x) => (float[n, 8] z) { y = Sin(x)  z = Softmax(y) }"
BRANCHES = """
(bool c, float[4] x) => (float[4] z)
{ y = If (c) <then_branch = a () => (float[4] t) { t = Relu(x) },
              else_branch = b () => (float[4] e) { s = Sigmoid(x)  e = Neg(s) }>
  z = Neg(y) }
"""
SAME_IN_EVERY_RUN = "() => (float[2] y) { a = Constant<value_floats=[1.0, 2.0]>()  y = Identity(a) }"


def load(path: Path, **shapes: tuple[int, ...]) -> OnnxRuntimeNetwork:
    return OnnxRuntimeNetwork(path, Threads(), shapes)


def test_every_profiled_call_is_told_node_by_node(tmp_path: Path) -> None:
    with load(write_network(tmp_path, CHAIN), x=(3, 8)) as loaded:
        assert loaded.call() > 0
        assert all(loaded.call_profiled() > 0 for _ in range(5))
        times = loaded.finish()
    assert [node.operator for node in times.executed] == ["Sin", "Softmax"]
    assert times.seconds.shape == (5, 2)
    assert np.all(np.isfinite(times.seconds))


def test_the_profilers_share_is_taken_off_every_kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(IdleNodes, "finish", lambda _: [Overhead(1.0, 0.0)])
    with load(write_network(tmp_path, CHAIN), x=(3, 8)) as loaded:
        loaded.call_profiled()
        assert np.all(loaded.finish().seconds < 0)


def test_without_a_call_nothing_is_told(tmp_path: Path) -> None:
    with load(write_network(tmp_path, CHAIN), x=(3, 8)) as loaded:
        assert loaded.finish().seconds.shape == (0, 2)


def test_a_branch_is_part_of_its_node(tmp_path: Path) -> None:
    with load(write_network(tmp_path, BRANCHES)) as loaded:
        loaded.call_profiled()
        times = loaded.finish()
    assert [node.operator for node in times.executed] == ["If", "Neg"]
    assert times.seconds.shape == (1, 2)


def test_times_of_inner_nodes_are_left_out() -> None:
    optimised = Graph(tuple(Node(name, name.title(), "", (), (), {}) for name in ("relu", "if", "")), (), (), {}, {})
    run = [NodeTime("relu", "Relu", 1.0), NodeTime("neg", "Neg", 2.0), NodeTime("relu", "Relu", 4.0), NodeTime("if", "If", 8.0)]
    assert [node.seconds for node in node_times(run, optimised)] == [1.0, 8.0]


def test_a_profile_that_lacks_a_node_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with load(write_network(tmp_path, CHAIN), x=(3, 8)) as loaded:
        monkeypatch.setattr(loaded._profiled, "finish", lambda: [[NodeTime("other", "Sin", 1.0)]])
        with pytest.raises(NotMeasured, match="does not tell all nodes"):
            loaded.finish()


def test_nothing_is_left_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    network = write_network(tmp_path, CHAIN)
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(scratch))
    with load(network, x=(3, 8)) as loaded:
        loaded.call_profiled()
        loaded.finish()
    assert not list(scratch.iterdir())
    constant = write_network(tmp_path, SAME_IN_EVERY_RUN)
    with pytest.raises(NotMeasured, match=r"nothing of .* is left to run"):
        load(constant)
    assert not list(scratch.iterdir())


def test_shapes_are_checked_before_anything_is_loaded(tmp_path: Path) -> None:
    network = write_network(tmp_path, CHAIN)
    with pytest.raises(BadValue, match="--input-shape x="):
        load(network)
    with pytest.raises(UnknownName, match="no input"):
        load(network, data=(3, 8))
    with pytest.raises(BadFile, match="cannot read"):
        load(tmp_path / "gone.onnx")


def test_an_operator_that_it_does_not_have_is_said_in_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match=r"^ONNX Runtime cannot run .*net\.onnx \("):
        load(write_network(tmp_path, "(float[2] x) => (float[2] y) { y = local.Magic(x) }"))


def test_a_runner_of_layers_says_who_times_networks(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match="'simulated' does not time whole networks; use the runner 'onnxruntime'"):
        SimulatedRunner({}).load_network(tmp_path / "net.onnx", {})
