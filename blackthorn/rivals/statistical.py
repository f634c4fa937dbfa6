"""The statistical model (Wess et al., "ANNETTE", IEEE Access 9, 2021): a forest learns which share of the peak a layer reaches.

    seconds = work / (peak * u_stat)

The peak is the fastest that any measured layer was, in multiply-accumulates, or bytes where a kind has none, a second.
"""

from typing import Any, ClassVar

import msgspec

from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.features import features
from blackthorn.rivals.forests import tuned_forest
from blackthorn.rivals.timed_layers import TimedLayers, Work


class Utilisation(msgspec.Struct, frozen=True):
    """A peak in units of work a second, and a forest of the share of it that layers reach, in (0, 1]."""

    unit: Work
    peak: float
    share: Any

    def predict(self, layers: TimedLayers) -> Floats:
        seconds: Floats = layers.work(self.unit) / (self.peak * self.share.predict(features(layers)))
        return seconds


class Statistical(msgspec.Struct, frozen=True):
    """A forest of the utilisation."""

    name: ClassVar[str] = "statistical"
    summary: ClassVar[str] = "a random forest of the share of peak speed that a layer reaches"

    def fit(self, layers: TimedLayers) -> Utilisation | CannotFit:
        return too_few(layers) or _fitted(layers)


def _fitted(layers: TimedLayers) -> Utilisation:
    unit = layers.works()[0]
    rates = layers.work(unit) / layers.seconds
    peak = float(rates.max())
    return Utilisation(unit, peak, tuned_forest(features(layers), rates / peak)[0])
