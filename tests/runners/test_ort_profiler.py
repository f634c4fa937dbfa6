"""The profiler's share of what it tells of a node, on ONNX Runtime for real."""

import pytest

from blackthorn.runners import ort_profiler
from blackthorn.runners.ort_profiler import ProfilerShare
from blackthorn.runners.ort_session import Threads

pytest.importorskip("onnxruntime")


def test_a_node_with_nothing_to_do_takes_microseconds() -> None:
    assert 0 < ProfilerShare(Threads()).seconds() < 1e-3


def test_it_is_measured_again_only_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    figures = iter([1e-6, 2e-6])
    now = 0.0
    monkeypatch.setattr(ort_profiler, "_measured", lambda *_: next(figures))
    monkeypatch.setattr(ort_profiler.time, "monotonic", lambda: now + 1.0)
    share = ProfilerShare(Threads())
    assert [share.seconds(), share.seconds()] == [1e-6, 1e-6]
    now = ort_profiler.FRESH_SECONDS
    assert share.seconds() == 2e-6
