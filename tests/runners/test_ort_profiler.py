"""The profiler's share of what it tells of a node, on ONNX Runtime for real."""

import pytest

from blackthorn.runners.ort_profiler import COLD_NODES, IDLE_NODES, IdleNodes
from blackthorn.runners.ort_session import NodeTime, ProfiledSession, Threads

pytest.importorskip("onnxruntime")


def test_a_node_with_nothing_to_do_takes_microseconds_in_every_call() -> None:
    with IdleNodes(Threads()) as idle:
        for _ in range(5):
            idle.call()
        shares = idle.shares()
    assert len(shares) == 5
    assert all(0 < share < 1e-3 for share in shares)


def test_without_a_call_there_is_no_share() -> None:
    with IdleNodes(Threads()) as idle:
        assert idle.shares() == []


def test_nodes_that_bring_the_caches_back_do_not_count(monkeypatch: pytest.MonkeyPatch) -> None:
    cold, warm = NodeTime("idle0", "Neg", 20e-6), NodeTime("idle1", "Abs", 3e-6)
    call = [cold] * COLD_NODES + [warm] * IDLE_NODES
    monkeypatch.setattr(ProfiledSession, "finish", lambda _: [call, call])
    with IdleNodes(Threads()) as idle:
        assert idle.shares() == pytest.approx([3e-6, 3e-6])


def test_as_many_nodes_run_as_are_left_out_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[list[NodeTime]] = []
    finish = ProfiledSession.finish

    def watched(session: ProfiledSession) -> list[list[NodeTime]]:
        told.extend(finish(session))
        return told

    monkeypatch.setattr(ProfiledSession, "finish", watched)
    with IdleNodes(Threads()) as idle:
        idle.call()
        idle.shares()
    assert [len(call) for call in told] == [COLD_NODES + IDLE_NODES]
