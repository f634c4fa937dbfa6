"""A random forest of the logarithm of the time per multiply-accumulate or per byte, whichever suits the points better."""

from typing import Any, ClassVar

import msgspec
import numpy as np

from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.features import features
from blackthorn.rivals.forests import tuned_forest
from blackthorn.rivals.timed_layers import TimedLayers, Work


class TreesPerWork(msgspec.Struct, frozen=True):
    """Trees that predict the logarithm of seconds per unit of work."""

    trees: Any
    unit: Work

    def predict(self, layers: TimedLayers) -> Floats:
        seconds: Floats = layers.work(self.unit) * np.exp(self.trees.predict(features(layers)))
        return seconds


class RandomForest(msgspec.Struct, frozen=True):
    """Tuned by what trees say of points that they were not grown on."""

    name: ClassVar[str] = "random-forest"
    summary: ClassVar[str] = "a random forest of time per MAC or per byte"

    def fit(self, layers: TimedLayers) -> TreesPerWork | CannotFit:
        return too_few(layers) or min((_tuned(layers, unit) for unit in layers.works()), key=lambda pair: pair[1])[0]


def _tuned(layers: TimedLayers, unit: Work) -> tuple[TreesPerWork, float]:
    """The forest for one unit of work and its error, which is that of log seconds whatever the unit."""
    forest, error = tuned_forest(features(layers), np.log(layers.seconds / layers.work(unit)))
    return TreesPerWork(forest, unit), error
