"""What layers save whose weights caches keep from call to call, from points that were timed within several footprints.

A layer whose weights lie in memory takes longer by what fetching them from there costs, less what that hides behind the work:
on one computer by 20 us a MiB in 1x1 convolutions of small images, 22 to 34 in 3x3 ones and 43 in grouped ones. How much of
them caches keep depends on all weights of a network together, in the same way for all classes. So

    seconds(F) = seconds(in memory) - c w kept(F)

with c the seconds that a class saves a byte, w the bytes of weights of a layer, and kept(F) a share that falls from 1 to 0 with
the footprint F, linear in its logarithm between the footprints that were timed. c and kept are found in turn, each by
non-negative least squares while the other is held.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import non_negative
from blackthorn.layers import FAR_BYTES
from blackthorn.records import FOOTPRINTS, CachedWeights

Floats = NDArray[np.float64]

KNOTS = (*(size * 2**20 for size in FOOTPRINTS), FAR_BYTES)
"""Footprints in bytes between which the share is linear."""
TURNS = 30
"""Of the two; they settle within ten."""


class Saved(NamedTuple):
    """What one layer took less within a small footprint than within a large one.

    Attributes:
        group: which class it is of.
        weights: its bytes of weights.
        near, far: the two footprints, in bytes.
        seconds, error: what it saved, and the standard error of that.
    """

    group: int
    weights: float
    near: float
    far: float
    seconds: float
    error: float


def cached_weights(saved: Sequence[Saved]) -> tuple[CachedWeights | None, Mapping[int, float]]:
    """The share that caches keep, None where they keep nothing, and the seconds a byte that each class saves by it."""
    groups = sorted({one.group for one in saved})
    if not groups:
        return None, {}
    members = np.array([[one.group == group for group in groups] for one in saved])
    weights, seconds, errors = (np.array([getattr(one, name) for one in saved]) for name in ("weights", "seconds", "error"))
    lost = _lost([one.far for one in saved]) - _lost([one.near for one in saved])
    falls: Floats = np.full(len(KNOTS) - 1, 1.0 / (len(KNOTS) - 1))
    costs = _costs(weights * (lost @ falls) / errors, seconds / errors, members)
    for _ in range(TURNS):
        falls = _falls((members @ costs * weights / errors)[:, None] * lost, seconds / errors)
        if not falls.any():
            return None, {}
        costs = _costs(weights * (lost @ falls) / errors, seconds / errors, members)
    kept = np.clip(1.0 - np.cumsum([0.0, *falls]), 0.0, 1.0)
    return CachedWeights(KNOTS, tuple(kept.round(4).tolist())), dict(zip(groups, costs.tolist(), strict=True))


def _lost(footprints: Sequence[float]) -> Floats:
    """How far each footprint is on its way from every knot to the next, 0 to 1, shape (footprints, knots - 1)."""
    ends = np.log2(KNOTS)
    found: Floats = np.clip((np.log2(footprints)[:, None] - ends[:-1]) / np.diff(ends), 0.0, 1.0)
    return found


def _costs(per_cost: Floats, saved: Floats, members: NDArray[np.bool_]) -> Floats:
    """Seconds a byte of each class, by least squares over its own layers, at least none."""
    squares, products = per_cost**2 @ members, per_cost * saved @ members
    found: Floats = np.maximum(products / np.maximum(squares, np.finfo(float).tiny), 0.0)
    return found


def _falls(per_fall: Floats, saved: Floats) -> Floats:
    """What share is lost between each knot and the next: 1 in all, or nothing where nothing is saved."""
    found = non_negative((per_fall.T @ per_fall)[None], (per_fall.T @ saved)[None])[0]
    total: float = found.sum()
    shares: Floats = found / total if total > 0.0 else found
    return shares
