"""What caches keep of weights, found from layers that were timed within several footprints."""

import numpy as np
import pytest

from blackthorn.fitting.caching import KNOTS, Saved, cached_weights

MIB = 2**20
KEPT = {2 * MIB: 1.0, 4 * MIB: 0.9, 8 * MIB: 0.5, 16 * MIB: 0.1, 32 * MIB: 0.0}
COSTS = {0: 30e-6 / MIB, 3: 90e-6 / MIB}
"""Seconds a byte of two classes."""


def share(footprint: float) -> float:
    return float(np.interp(np.log2(footprint), np.log2(list(KEPT)), list(KEPT.values())))


def timed(noise: float = 0.0) -> list[Saved]:
    """Six layers of each class within four footprints; the least ones have fewer copies than leave caches."""
    rng = np.random.default_rng(1)
    found = []
    for group, cost in COSTS.items():
        for weights in (0.1, 0.3, 0.5, 1.0, 1.5, 2.0):
            far = min(32.0, 64 * weights) * MIB
            for near in (2, 4, 8, 16):
                exact = cost * weights * MIB * (share(near * MIB) - share(far))
                error = noise * cost * weights * MIB
                found.append(Saved(group, weights * MIB, near * MIB, far, exact + error * rng.normal(), error or 1e-6))
    return found


@pytest.mark.parametrize(("noise", "within"), [(0.0, 0.005), (0.1, 0.1)])
def test_costs_and_shares_are_found(noise: float, within: float) -> None:
    cached, costs = cached_weights(timed(noise))
    assert cached is not None
    assert cached.footprints == tuple(KEPT) == KNOTS
    assert cached.kept == pytest.approx(list(KEPT.values()), abs=within)
    assert costs == {group: pytest.approx(cost, rel=within) for group, cost in COSTS.items()}


def test_shares_fall_from_one_to_none_whatever_was_timed() -> None:
    cached, _ = cached_weights(timed(noise=3.0))
    assert cached is not None
    assert cached.kept[0] == 1.0
    assert cached.kept[-1] == pytest.approx(0.0, abs=1e-3)
    assert list(cached.kept) == sorted(cached.kept, reverse=True)


def test_where_nothing_is_saved_caches_keep_nothing() -> None:
    assert cached_weights([]) == (None, {})
    slower = [one._replace(seconds=-abs(one.seconds)) for one in timed()]
    assert cached_weights(slower) == (None, {})


def test_between_footprints_the_share_goes_with_the_logarithm() -> None:
    cached, _ = cached_weights(timed())
    assert cached is not None
    assert [cached.share(size * MIB) for size in (0, 1, 2)] == [1.0, 1.0, 1.0]
    assert cached.share(np.sqrt(8 * 16) * MIB) == pytest.approx(0.3, abs=0.01)
    assert [cached.share(size * MIB) for size in (32, 500)] == pytest.approx([0.0, 0.0], abs=1e-3)
