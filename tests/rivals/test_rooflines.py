"""Rooflines and what is built on them give back what they were made from."""

import numpy as np
import pytest

from blackthorn.layers import layer_kind
from blackthorn.records import Dimensions
from blackthorn.rivals import CannotFit, Rival
from blackthorn.rivals.mixed import Mixed
from blackthorn.rivals.refined_roofline import RefinedRoof, RefinedRoofline
from blackthorn.rivals.roofline import Roof, Roofline
from tests.rivals.made_up import KIND, made_layers, scattered

PER_MAC, PER_BYTE = 2e-11, 1e-9
POINTS = [*scattered(40), *({"filters": f, "channels": c, "kernel": 1} for f, c in ((4, 4), (8, 512), (200, 7)))]
POINTS = [{**point, "kernel": 1} for point in POINTS]


def on_the_roof(dimensions: Dimensions) -> float:
    return max(PER_MAC * KIND.macs(dimensions), PER_BYTE * KIND.bytes_moved(dimensions, "fp32"))


def in_blocks(dimensions: Dimensions) -> float:
    """Sixteen filters at a time."""
    whole = -(-dimensions["filters"] // 16) * 16
    return max(PER_MAC * KIND.macs({**dimensions, "filters": whole}), 1e-3 * PER_BYTE * KIND.bytes_moved(dimensions, "fp32"))


def test_a_perfect_roofline_is_recovered() -> None:
    layers = made_layers(on_the_roof, POINTS)
    computes = PER_MAC * layers.macs > PER_BYTE * layers.bytes_moved
    assert computes.any()
    assert not computes.all()
    model = Roofline().fit(layers)
    assert isinstance(model, Roof)
    assert (model.per_mac, model.per_byte) == pytest.approx((PER_MAC, PER_BYTE))


def test_a_kind_without_work_has_bytes_alone() -> None:
    assert layer_kind("relu").macs(layer_kind("relu").complete({})) == 0
    model = Roof(0.0, PER_BYTE)
    assert model.seconds(np.zeros(2), np.array([1e3, 2e3])) == pytest.approx([1e-6, 2e-6])


def test_blocks_are_recovered() -> None:
    model = RefinedRoofline().fit(made_layers(in_blocks, POINTS))
    assert isinstance(model, RefinedRoof)
    assert model.blocks == {"filters": 16}
    assert model.roof.per_mac == pytest.approx(PER_MAC)


def test_of_no_blocks_none_are_found() -> None:
    model = RefinedRoofline().fit(made_layers(on_the_roof, POINTS))
    assert isinstance(model, RefinedRoof)
    assert model.blocks == {}


@pytest.mark.parametrize("entrant", [RefinedRoofline(), Mixed()], ids=lambda entrant: entrant.name)
def test_blocks_are_known_at_sizes_never_seen(entrant: Rival) -> None:
    model = entrant.fit(made_layers(in_blocks, POINTS))
    assert not isinstance(model, CannotFit)
    asked = made_layers(in_blocks, [{**point, "kernel": 1} for point in scattered(40, seed=1)])
    assert np.median(np.abs(model.predict(asked) / asked.seconds - 1.0)) < 0.02
