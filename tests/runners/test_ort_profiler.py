"""What the profiler adds to the time of a node and cuts off it, on ONNX Runtime for real and on times that are made up."""

import math

import numpy as np
import pytest

from blackthorn.runners.ort_profiler import (
    BUSY,
    BUSY_NUMBERS,
    COLD_NODES,
    IDLE,
    IDLE_NODES,
    SLOWEST,
    USUAL,
    IdleNodes,
    Overhead,
    bookkeeping,
    usual_mean,
)
from blackthorn.runners.ort_session import CUT_OFF_US, NodeTime, ProfiledSession, Threads
from blackthorn.units import US_PER_SECOND

pytest.importorskip("onnxruntime")

BETWEEN = 2.2
"""Microseconds from the end of a node to the begin of the next."""


def told(durations: list[float], begin: float, between: float = BETWEEN) -> list[NodeTime]:
    """What the profiler tells of nodes that take so many microseconds, the first of which begins then."""
    begins = [begin + sum(durations[:place]) + between * place for place in range(len(durations) + 1)]
    return [
        NodeTime(
            f"layer{place}",
            "Relu",
            (math.floor(duration) + CUT_OFF_US) / US_PER_SECOND,
            (math.floor(begins[place + 1]) - math.floor(begins[place])) / US_PER_SECOND,
        )
        for place, duration in enumerate(durations)
    ]


def calls_of(duration: float, scatter: float, between: float = BETWEEN) -> list[list[NodeTime]]:
    """Calls of four layers that take about as many microseconds each, at any moment."""
    rng = np.random.default_rng(3)
    return [told(rng.normal(duration, scatter, 4).tolist(), rng.uniform(0.0, 1e6), between) for _ in range(400)]


def around(calls: list[list[NodeTime]], between: float = BETWEEN) -> list[Overhead]:
    """What idle nodes around as many calls say."""
    return [Overhead(2e-6, between / US_PER_SECOND)] * len(calls)


def taken(calls: list[list[NodeTime]]) -> float:
    """Microseconds that a layer takes as far as whole ones tell."""
    return US_PER_SECOND * float(np.mean([node.seconds for call in calls for node in call]))


def test_what_goes_by_around_a_kernel_is_told_of_every_call() -> None:
    with IdleNodes(Threads()) as idle:
        for _ in range(5):
            idle.call()
        overheads = idle.finish()
    assert len(overheads) == 5
    assert all(0.0 < overhead.within + overhead.between < 1e-3 for overhead in overheads)


def test_without_a_call_nothing_is_told() -> None:
    with IdleNodes(Threads()) as idle:
        assert idle.finish() == []


def test_idle_nodes_tell_what_is_around_kernels_and_busy_ones_what_is_between_them(monkeypatch: pytest.MonkeyPatch) -> None:
    busy = [NodeTime("busy", BUSY, 9e-6, 19e-6)] * COLD_NODES + [NodeTime("busy", BUSY, 4e-6, 6e-6)] * 3
    idle = [NodeTime("idle", "Neg", 5e-6, 15e-6)] * COLD_NODES + [NodeTime("idle", "Abs", 3e-6, 5e-6)] * 3
    last = NodeTime("idle", "Neg", 7e-6)
    monkeypatch.setattr(ProfiledSession, "finish", lambda _: [[*busy, *idle, last]] * 2)
    with IdleNodes(Threads()) as nodes:
        assert nodes.finish() == [pytest.approx(Overhead(3e-6, 2e-6))] * 2


def test_nodes_within_which_another_process_ran_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = [NodeTime("busy", BUSY, 4e-6, 6e-6), NodeTime("idle", "Neg", 3e-6, 5e-6)] * (COLD_NODES + 3)
    interrupted = [NodeTime("busy", BUSY, 4e-6, 3e-3), NodeTime("idle", "Neg", 3e-6, 4e-3)]
    monkeypatch.setattr(ProfiledSession, "finish", lambda _: [[*usual, *interrupted]])
    with IdleNodes(Threads()) as nodes:
        assert nodes.finish() == [pytest.approx(Overhead(3e-6, 2e-6))]


@pytest.mark.parametrize(
    ("seconds", "mean"),
    [
        ([3e-6, 4e-6, 18e-6], 25e-6 / 3),
        ([3e-6, 4e-6, 4e-3], 3.5e-6),
        ([5e-3, 6e-3, 7e-3], 6e-3),
        ([5e-3, 6e-3, 19e-3], 5.5e-3),
        ([5e-3, math.nan], 5e-3),
        ([-1e-3], -1e-3),
        ([-1e-3, -2e-3, 4e-3], -1.5e-3),
        ([math.nan], math.nan),
        ([], math.nan),
    ],
)
def test_the_mean_of_nodes_leaves_out_those_that_took_far_longer(seconds: list[float], mean: float) -> None:
    assert usual_mean(np.array(seconds)) == pytest.approx(mean, nan_ok=True)


def test_all_nodes_run_and_only_the_last_has_no_pitch(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[list[NodeTime]] = []
    finish = ProfiledSession.finish

    def watched(session: ProfiledSession) -> list[list[NodeTime]]:
        calls.extend(finish(session))
        return calls

    monkeypatch.setattr(ProfiledSession, "finish", watched)
    with IdleNodes(Threads()) as idle:
        idle.call()
        idle.finish()
    (nodes,) = calls
    assert sum(node.operator == BUSY for node in nodes) == len(BUSY_NUMBERS)
    assert sum(node.operator in IDLE for node in nodes) == IDLE_NODES
    assert [math.isnan(node.pitch) for node in nodes] == [False] * (len(nodes) - 1) + [True]


@pytest.mark.parametrize("duration", [3.05, 3.3, 3.5, 3.7, 3.95])
def test_the_pitch_tells_what_is_cut_off_nodes_that_always_take_the_same(duration: float) -> None:
    calls = calls_of(duration, 0.02)
    assert taken(calls) == pytest.approx(3.5, abs=0.01)
    found = taken(calls) + US_PER_SECOND * bookkeeping(calls, around(calls)).lost
    assert found == pytest.approx(duration, abs=0.06)


def test_of_nodes_that_scatter_half_a_microsecond_is_lost_whatever_goes_by_between_them() -> None:
    calls = calls_of(30.3, 2.0, between=9.0)
    assert bookkeeping(calls, around(calls)).lost == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("slowness", [1.0, 1.2, 1.4])
def test_what_goes_by_between_nodes_tells_how_slow_the_profiler_is_there(slowness: float) -> None:
    calls = calls_of(30.3, 2.0, between=slowness * BETWEEN)
    assert bookkeeping(calls, around(calls)).slowness == pytest.approx(slowness, abs=0.02)


@pytest.mark.parametrize(("between", "slowness"), [(0.5 * BETWEEN, 1.0), (20.0 * BETWEEN, SLOWEST)])
def test_it_is_never_faster_than_around_idle_nodes_nor_slower_than_in_networks(between: float, slowness: float) -> None:
    calls = calls_of(30.3, 2.0, between=between)
    assert bookkeeping(calls, around(calls)).slowness == slowness


def test_a_few_nodes_that_the_next_one_is_late_after_do_not_tell_how_slow_it_is() -> None:
    rng = np.random.default_rng(4)
    calls = [told(rng.normal(30.3, 2.0, 20).tolist(), rng.uniform(0.0, 1e6)) for _ in range(200)]
    late = [[*nodes[:-1], nodes[-1]._replace(pitch=nodes[-1].pitch + 1e-3)] for nodes in calls]
    assert bookkeeping(late, around(late)).slowness == pytest.approx(1.0, abs=0.03)


def test_more_is_taken_off_nodes_between_which_the_profiler_is_slower(monkeypatch: pytest.MonkeyPatch) -> None:
    usual, slow = (calls_of(30.3, 2.0, between=slowness * BETWEEN) for slowness in (1.0, 1.4))
    monkeypatch.setattr(IdleNodes, "finish", lambda _: around(usual))
    with IdleNodes(Threads()) as idle:
        assert US_PER_SECOND * idle.taken_off(usual, 4).mean() == pytest.approx(30.3 - 2.0, abs=0.2)
        assert US_PER_SECOND * idle.taken_off(slow, 4).mean() == pytest.approx(30.3 - 1.4 * 2.0, abs=0.2)


def test_the_last_node_of_all_tells_nothing_of_that() -> None:
    calls = [[*nodes[:-1], nodes[-1]._replace(pitch=math.nan)] for nodes in calls_of(30.3, 2.0, between=1.2 * BETWEEN)]
    assert bookkeeping(calls, around(calls)) == pytest.approx((0.0, 1.2), abs=0.02)


def test_what_goes_by_between_nodes_is_never_taken_for_more_than_can_be_lost() -> None:
    calls = calls_of(3.1, 0.02, between=9.0)
    assert bookkeeping(calls, around(calls)).lost == pytest.approx(CUT_OFF_US / US_PER_SECOND, rel=0.1)


def test_nothing_is_known_of_a_node_without_a_next_one() -> None:
    alone, several = [[NodeTime("layer0", "Relu", 3e-6)]] * 3, calls_of(3.1, 0.02)
    assert bookkeeping(alone, around(alone)) == USUAL
    assert bookkeeping(several, around(several, between=math.nan)) == USUAL
    assert bookkeeping(several, around(several, between=0.0)).slowness == 1.0
    assert bookkeeping([], []) == USUAL
