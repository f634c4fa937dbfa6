"""The refined roofline (Wess et al., "ANNETTE", IEEE Access 9, 2021): a unit that takes s values at a time idles at the rest.

    seconds = max(MACs / (rate of MACs * u_eff), bytes / rate of bytes),   u_eff = product of (x / s) / ceil(x / s)

over the dimensions x. How many values are taken at a time, s, is not known of a device; it is searched, one dimension after
the other, until nothing gets better.
"""

from collections.abc import Mapping
from typing import ClassVar

import msgspec
import numpy as np

from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.roofline import Roof, fit_roof, misfit
from blackthorn.rivals.timed_layers import TimedLayers

TRIED = (1, 2, 4, 8, 16, 32, 64, 128)
"""Values at a time: lanes of vector units and edges of matrix units are powers of two."""
MOST_ROUNDS = 4
WORTHWHILE = 0.99
"""A block counts only where it takes a hundredth of the squared error away; noise takes less."""


class RefinedRoof(msgspec.Struct, frozen=True):
    """A roof over the work as the hardware does it; `blocks` are the values of each dimension that it takes at a time."""

    roof: Roof
    blocks: dict[str, int]

    def predict(self, layers: TimedLayers) -> Floats:
        return self.roof.seconds(layers.macs / efficiency(layers, self.blocks), layers.bytes_moved)


class RefinedRoofline(msgspec.Struct, frozen=True):
    """A roofline whose blocks are searched."""

    name: ClassVar[str] = "refined-roofline"
    summary: ClassVar[str] = "a roofline whose computing rate sinks where sizes do not fill the hardware's blocks"

    def fit(self, layers: TimedLayers) -> RefinedRoof | CannotFit:
        return too_few(layers) or fit_refined(layers)


def efficiency(layers: TimedLayers, blocks: Mapping[str, int]) -> Floats:
    """u_eff: the share of the hardware that has something to do, in (0, 1], shape (n,)."""
    share = np.ones(len(layers))
    for name, block in blocks.items():
        filled = layers.dimensions[name] / block
        share *= filled / np.ceil(filled)
    return share


def fit_refined(layers: TimedLayers) -> RefinedRoof:
    """The best blocks that a search of one dimension at a time finds, and the roof over them."""
    best = _over(layers, {})
    error = misfit(best.predict(layers), layers.seconds)
    for _ in range(MOST_ROUNDS):
        before = best
        for name in layers.independent():
            for block in TRIED:
                tried = _over(layers, {**best.blocks, name: block})
                tried_error = misfit(tried.predict(layers), layers.seconds)
                if tried_error < WORTHWHILE * error:
                    best, error = tried, tried_error
        if best is before:
            break
    return best


def _over(layers: TimedLayers, blocks: dict[str, int]) -> RefinedRoof:
    return RefinedRoof(fit_roof(layers.macs / efficiency(layers, blocks), layers.bytes_moved, layers.seconds), blocks)
