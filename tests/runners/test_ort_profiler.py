"""The profiler's share of what it tells of a node, on ONNX Runtime for real."""

import pytest

from blackthorn.runners.ort_profiler import IdleNodes
from blackthorn.runners.ort_session import Threads

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
