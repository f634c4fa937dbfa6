"""Gradient boosting (Friedman, Annals of Statistics 29, 2001) of the logarithm of the time per multiply-accumulate or byte.

Of scikit-learn's two, that with exact splits: the one with histograms wants twenty points in a leaf and is made for tens of
thousands. Depth, unit of work and number of trees are chosen by cross-validation on the points that it is fitted to.
"""

import itertools
from typing import Any, ClassVar

import msgspec
import numpy as np

from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.features import features
from blackthorn.rivals.random_forest import TreesPerWork
from blackthorn.rivals.timed_layers import TimedLayers, Work

RATE = 0.1
SUBSAMPLE = 0.7
"""Share of the points that each tree sees (Friedman's stochastic boosting)."""
MOST_TREES = 200
DEPTHS = (2, 4)
FOLDS = 5
SEED = 0


class Setting(msgspec.Struct, frozen=True):
    """What cross-validation chooses, and the mean squared error of log seconds that it saw."""

    unit: Work
    depth: int
    trees: int
    error: float


class GradientBoosting(msgspec.Struct, frozen=True):
    """Tuned by cross-validation."""

    name: ClassVar[str] = "gradient-boosting"
    summary: ClassVar[str] = "boosted trees of time per MAC or per byte"

    def fit(self, layers: TimedLayers) -> TreesPerWork | CannotFit:
        return too_few(layers) or _fitted(layers)


def _fitted(layers: TimedLayers) -> TreesPerWork:
    told = features(layers)
    targets = {unit: np.log(layers.seconds / layers.work(unit)) for unit in layers.works()}
    settings = [_setting(told, targets[unit], unit, depth) for unit, depth in itertools.product(targets, DEPTHS)]
    best = min(settings, key=lambda setting: setting.error)
    return TreesPerWork(_boosted(told, targets[best.unit], best.depth, best.trees), best.unit)


def _setting(told: Floats, target: Floats, unit: Work, depth: int) -> Setting:
    """The number of trees after which points left out are predicted best."""
    from sklearn.model_selection import KFold

    squares = np.zeros(MOST_TREES)
    for train, test in KFold(min(FOLDS, len(target)), shuffle=True, random_state=SEED).split(told):
        stages = _boosted(told[train], target[train], depth, MOST_TREES).staged_predict(told[test])
        squares += [float(np.sum((stage - target[test]) ** 2)) for stage in stages]
    return Setting(unit, depth, 1 + int(squares.argmin()), float(squares.min()) / len(target))


def _boosted(told: Floats, target: Floats, depth: int, trees: int) -> Any:
    from sklearn.ensemble import GradientBoostingRegressor

    boosting = GradientBoostingRegressor(
        learning_rate=RATE, n_estimators=trees, max_depth=depth, subsample=SUBSAMPLE, random_state=SEED
    )
    return boosting.fit(told, target)
