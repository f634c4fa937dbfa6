"""The mixed model (Wess et al., "ANNETTE", IEEE Access 9, 2021): what blocks leave idle is known, the rest a forest learns.

    seconds = max(MACs / (peak of MACs * u_eff * u_stat), bytes / peak of bytes)

with u_eff as in the refined roofline. Kinds without multiply-accumulates have no u_eff: theirs is the share of the peak of
bytes alone, which is the statistical model.
"""

from typing import Any, ClassVar

import msgspec
import numpy as np

from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.features import features
from blackthorn.rivals.forests import tuned_forest
from blackthorn.rivals.refined_roofline import efficiency, fit_refined
from blackthorn.rivals.statistical import Statistical, Utilisation
from blackthorn.rivals.timed_layers import TimedLayers


class MixedModel(msgspec.Struct, frozen=True):
    """Blocks, the two peaks a second, and a forest of the share of the peak that is left."""

    blocks: dict[str, int]
    mac_peak: float
    byte_peak: float
    share: Any

    def predict(self, layers: TimedLayers) -> Floats:
        reached = efficiency(layers, self.blocks) * self.share.predict(features(layers))
        seconds: Floats = np.maximum(layers.macs / (self.mac_peak * reached), layers.bytes_moved / self.byte_peak)
        return seconds


class Mixed(msgspec.Struct, frozen=True):
    """The refined roofline's blocks and the statistical model's forest."""

    name: ClassVar[str] = "mixed"
    summary: ClassVar[str] = "a refined roofline times what a random forest learns of the rest"

    def fit(self, layers: TimedLayers) -> MixedModel | Utilisation | CannotFit:
        if not layers.macs.all():
            return Statistical().fit(layers)
        return too_few(layers) or _fitted(layers)


def _fitted(layers: TimedLayers) -> MixedModel:
    blocks = fit_refined(layers).blocks
    rates = layers.macs / (efficiency(layers, blocks) * layers.seconds)
    peak = float(rates.max())
    share, _ = tuned_forest(features(layers), rates / peak)
    return MixedModel(blocks, peak, float((layers.bytes_moved / layers.seconds).max()), share)
