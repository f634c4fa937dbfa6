"""Emptying caches: for which probes it is done."""

from pathlib import Path

import pytest

from blackthorn.layers import layer_kind
from blackthorn.records import Dimensions
from blackthorn.runners.cold_caches import ColdCaches
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.runners.processor_caches import last_cache_bytes


def test_caches_can_be_emptied_where_the_system_tells_nothing_of_them(tmp_path: Path) -> None:
    ColdCaches(last_cache_bytes(tmp_path)).empty()


@pytest.mark.parametrize(
    ("layer", "point", "profiled", "emptied"),
    [
        ("dense", {"inputs": 8, "outputs": 8}, True, True),
        ("dense", {"inputs": 8, "outputs": 8}, False, False),
        ("relu", {"elements": 8}, True, False),
    ],
)
def test_only_probes_of_layers_that_fetch_weights_find_caches_cold(
    monkeypatch: pytest.MonkeyPatch, layer: str, point: Dimensions, profiled: bool, emptied: bool
) -> None:
    """References are called much more often, and find theirs warm."""
    times: list[None] = []
    monkeypatch.setattr(ColdCaches, "empty", lambda _: times.append(None))
    with OnnxRuntimeRunner() as runner, runner.load(layer_kind(layer).probe_at(point), profiled=profiled) as probe:
        probe.call()
        probe.call()
    assert len(times) == (2 if emptied else 0)
