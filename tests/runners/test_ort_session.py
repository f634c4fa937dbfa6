"""A profiled session: every call is found again in the profile, and what cannot run is said in one sentence."""

import json
import math
import tempfile
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from blackthorn.errors import BadValue, NotMeasured
from blackthorn.runners.ort_session import CUT_OFF_US, ProfiledSession, Threads, node_times

onnx = pytest.importorskip("onnx")
helper, numpy_helper, TensorProto = onnx.helper, onnx.numpy_helper, onnx.TensorProto


def a_model(
    operator: str,
    inputs: list[tuple[str, int, list[Any]]],
    output: tuple[int, list[Any]],
    weights: dict[str, Any] | None = None,
    **attributes: Any,
) -> bytes:
    """A model of one node."""
    constants = [numpy_helper.from_array(value, name) for name, value in (weights or {}).items()]
    names = [name for name, _, _ in inputs] + list(weights or {})
    node = helper.make_node(operator, names, ["out"], "the node", **attributes)
    entering = [helper.make_tensor_value_info(*entry) for entry in inputs]
    graph = helper.make_graph([node], "g", entering, [helper.make_tensor_value_info("out", *output)], constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    content: bytes = model.SerializeToString()
    return content


F = TensorProto.FLOAT
MATMUL = a_model("MatMul", [("x", F, [8, 64])], (F, [8, 64]), {"w": np.ones((64, 64), np.float32)})
OPEN = a_model("MatMul", [("x", F, ["rows", 64])], (F, ["rows", 64]), {"w": np.ones((64, 64), np.float32)})
INVALID = a_model("MatMul", [("x", F, [8, 63])], (F, [8, 64]), {"w": np.ones((64, 64), np.float32)})


def event(cat: str, name: str, ts: int, dur: int, op_name: str | None = None) -> dict[str, Any]:
    """A line of a profile, with a field that is not read."""
    return {"cat": cat, "name": name, "ts": ts, "dur": dur, "pid": 1, "args": {"op_name": op_name} if op_name else {}}


def test_every_call_is_found_in_the_profile() -> None:
    with ProfiledSession(MATMUL) as session:
        walls = [session.call() for _ in range(20)]
        runs = session.finish()
    assert len(runs) == 20
    assert all([node.operator for node in run] == ["MatMul"] for run in runs)
    # A node cannot last longer than the call it is part of, but for the half microsecond that is added to it.
    assert all(run[0].seconds <= wall + CUT_OFF_US * 1e-6 for run, wall in zip(runs, walls, strict=True))


def test_without_a_profile_nothing_is_told_and_nothing_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "TemporaryDirectory", None)
    with ProfiledSession(MATMUL, profiled=False) as session:
        assert session.call() > 0
        assert session.finish() == [[]]


def test_the_profile_is_removed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ProfiledSession(MATMUL) as session:
        session.call()
        session.finish()
        assert list(tmp_path.rglob("*.json"))
    session.close()
    assert not list(tmp_path.iterdir())


def test_a_session_closed_without_finishing_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    with ProfiledSession(MATMUL) as session:
        session.call()
    assert not list(tmp_path.iterdir())


def test_a_refused_model_leaves_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    for model in (INVALID, OPEN):
        with pytest.raises((NotMeasured, BadValue)):
            ProfiledSession(model)
    assert not list(tmp_path.iterdir())


def test_a_model_can_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "model.onnx"
    path.write_bytes(MATMUL)
    with ProfiledSession(path) as session:
        session.call()
        assert len(session.finish()) == 1


def test_an_open_shape_is_asked_for() -> None:
    with pytest.raises(BadValue, match=r"input 'x' has the open shape rows,64; give whole numbers"):
        ProfiledSession(OPEN)


def test_a_given_shape_closes_an_open_one() -> None:
    with ProfiledSession(OPEN, input_shapes={"x": (5, 64)}) as session:
        session.call()
        outputs = session._binding.get_outputs()
        assert [list(output.shape()) for output in outputs] == [[5, 64]]


@pytest.mark.parametrize(
    ("operator", "element", "attributes"),
    [
        ("Neg", TensorProto.DOUBLE, {}),
        ("Neg", TensorProto.FLOAT16, {}),
        ("Neg", TensorProto.INT64, {}),
        ("Not", TensorProto.BOOL, {}),
    ],
)
def test_inputs_of_all_kinds_are_filled(operator: str, element: int, attributes: dict[str, Any]) -> None:
    with ProfiledSession(a_model(operator, [("x", element, [3])], (element, [3]), **attributes)) as session:
        assert session.call() > 0


def test_the_same_inputs_come_again() -> None:
    results = []
    for _ in range(2):
        with ProfiledSession(MATMUL) as session:
            session.call()
            results.append(session._binding.copy_outputs_to_cpu()[0])
    assert np.array_equal(*results)
    assert np.ptp(results[0]) > 0


def test_an_output_that_is_no_tensor_is_left_to_the_runtime() -> None:
    pieces = helper.make_tensor_sequence_value_info("out", F, None)
    node = helper.make_node("SplitToSequence", ["x"], ["out"])
    graph = helper.make_graph([node], "g", [helper.make_tensor_value_info("x", F, [4])], [pieces])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with ProfiledSession(model.SerializeToString()) as session:
        session.call()
        assert len(session.finish()) == 1


@pytest.mark.parametrize(("one_result", "places"), [(False, 3), (True, 2)])
def test_outputs_of_one_shape_share_memory_where_that_is_wanted(*, one_result: bool, places: int) -> None:
    names, shapes = ("a", "b", "c"), ((4,), (4,), (2, 2))
    nodes = [helper.make_node("Neg", ["x"], ["a"]), helper.make_node("Abs", ["x"], ["b"])]
    nodes.append(helper.make_node("Reshape", ["a", "two"], ["c"]))
    outputs = [helper.make_tensor_value_info(name, F, shape) for name, shape in zip(names, shapes, strict=True)]
    two = numpy_helper.from_array(np.array([2, 2]), "two")
    graph = helper.make_graph(nodes, "g", [helper.make_tensor_value_info("x", F, [4])], outputs, [two])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    with ProfiledSession(model.SerializeToString(), one_result=one_result) as session:
        session.call()
        assert len({value.data_ptr() for value in session._binding.get_outputs()}) == places


def test_texts_are_refused() -> None:
    text = TensorProto.STRING
    with pytest.raises(BadValue, match=r"type tensor\(string\) cannot be filled"):
        ProfiledSession(a_model("Identity", [("x", text, [1])], (text, [1])))


@pytest.mark.parametrize("model", [INVALID, b"not a model", b""])
def test_what_cannot_run_is_said_in_one_line(model: bytes) -> None:
    with pytest.raises(NotMeasured) as caught:
        ProfiledSession(model, title="the tenth probe")
    message = str(caught.value)
    assert message.startswith("ONNX Runtime cannot run the tenth probe (")
    assert "\n" not in message


def test_a_missing_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(NotMeasured, match=r"gone\.onnx"):
        ProfiledSession(tmp_path / "gone.onnx")


def test_a_short_profile_is_refused() -> None:
    with ProfiledSession(MATMUL) as session:
        session.call()
        session._calls += 1
        with pytest.raises(NotMeasured, match="profiled 1 of 2 calls; make fewer calls"):
            session.finish()


def test_nodes_belong_to_the_run_that_they_ran_in() -> None:
    events = [
        event("Session", "session_initialization", 0, 50),
        event("Node", "a_kernel_time", 101, 3, "Conv"),
        event("Node", "a_fence_before", 101, 9, "Conv"),
        event("Node", "b_kernel_time", 105, 0, "Relu"),
        event("Session", "model_run", 100, 7),
        event("Session", "model_run", 200, 20),
        event("Node", "a_kernel_time", 202, 5, "Conv"),
    ]
    first, second = node_times(json.dumps(events).encode())
    assert [(node.node, node.operator) for node in first] == [("a", "Conv"), ("b", "Relu")]
    assert [node.seconds for node in first] == pytest.approx([3.5e-6, 0.5e-6])
    assert [node.seconds for node in second] == pytest.approx([5.5e-6])
    assert [node.pitch for node in first + second] == pytest.approx([4e-6, math.nan, math.nan], nan_ok=True)


def test_no_event_is_no_run() -> None:
    assert node_times(b"[]") == []


@pytest.mark.parametrize("profile", [b"", b"[{", b'[{"cat": 3}]', b'{"cat": "Node"}'])
def test_what_is_no_profile_is_refused(profile: bytes) -> None:
    with pytest.raises(NotMeasured, match="cannot be read"):
        node_times(profile)


@pytest.mark.parametrize(
    ("threads", "affinities"),
    [
        (Threads(), ""),
        (Threads(4), ""),
        (Threads(1, (3,)), ""),
        (Threads(3, (0, 1, 2)), "2;3"),
        (Threads(3, (5,)), "6;6"),
    ],
)
def test_pool_threads_are_pinned_one_by_one_from_one_on(threads: Threads, affinities: str) -> None:
    assert threads.pool_affinities() == affinities


def test_the_session_has_the_threads_it_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Any] = []
    onnxruntime = pytest.importorskip("onnxruntime")
    original = onnxruntime.InferenceSession

    def watch(model: Any, options: Any, **rest: Any) -> Any:
        seen.append(options)
        return original(model, options, **rest)

    monkeypatch.setattr(onnxruntime, "InferenceSession", watch)
    with ProfiledSession(MATMUL, Threads(2, (0, 0))) as session:
        session.call()
    assert seen[0].intra_op_num_threads == 2
    assert seen[0].inter_op_num_threads == 1
    assert seen[0].get_session_config_entry("session.intra_op_thread_affinities") == "1"


def test_memory_that_is_not_there_is_said() -> None:
    """A result of 4 PiB."""
    huge = a_model("Expand", [("x", F, [1])], (F, [2**50]), {"shape": np.array([2**50])})
    with pytest.raises(
        NotMeasured, match=r"not enough memory to run the model \(.*\); close other programs, or leave the largest"
    ):
        ProfiledSession(huge)


def test_an_output_with_other_axes_than_declared_is_run_all_the_same() -> None:
    """Exporters declare them so: ONNX Runtime warns, and only refuses memory of the true shape."""
    reshaped = a_model("Reshape", [("x", F, [2, 6])], (F, [1, "length"]), {"shape": np.array([2, 3, 2], np.int64)})
    with ProfiledSession(reshaped) as session:
        assert min(session.call() for _ in range(3)) > 0.0
        assert len(session.finish()) == 3


def test_what_cannot_be_run_again_is_said_in_one_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_binding: Any) -> None:
        raise RuntimeError("Error in execution: the device is gone")

    with ProfiledSession(MATMUL) as session:
        monkeypatch.setattr(session._session, "run_with_iobinding", fails)
        with pytest.raises(NotMeasured, match=r"cannot run the model .*the device is gone"):
            session.call()


def test_workers_of_one_session_do_not_spin_while_another_runs() -> None:
    """A worker that spins uses a CPU's time after the call, one that sleeps does not."""
    inputs, weights = [("x", F, [256, 512])], {"w": np.ones((512, 512), np.float32)}
    spun = 0.0
    with ProfiledSession(a_model("MatMul", inputs, (F, [256, 512]), weights), Threads(2), profiled=False) as session:
        for _ in range(5):
            session.call()
            begin = time.process_time()
            time.sleep(0.05)
            spun += time.process_time() - begin
    assert spun < 0.02
