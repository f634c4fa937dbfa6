"""Emptying caches: their sizes as systems tell them, and what it does to a layer that fetches its weights."""

from pathlib import Path

import pytest

from blackthorn.layers import layer_kind
from blackthorn.records import Dimensions
from blackthorn.runners.cold_caches import ColdCaches, last_cache_bytes
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner


def told(root: Path, *sizes: str) -> Path:
    """A root folder below which a system tells of caches of such sizes."""
    for index, size in enumerate(sizes):
        entry = root / f"sys/devices/system/cpu/cpu0/cache/index{index}"
        entry.mkdir(parents=True)
        (entry / "size").write_text(f"{size}\n")
    return root


@pytest.mark.parametrize(
    ("sizes", "last"),
    [
        (("48K", "32K", "2048K", "266240K"), 260 * 2**20),
        (("32K", "1M"), 2**20),
        ((), 0),
        (("", "many", "K", "-1K", "²K"), 0),
    ],
)
def test_the_last_cache_is_the_largest(tmp_path: Path, sizes: tuple[str, ...], last: int) -> None:
    assert last_cache_bytes(told(tmp_path, *sizes)) == last


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
