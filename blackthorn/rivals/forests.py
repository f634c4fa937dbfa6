"""Forests of regression trees (Breiman, Machine Learning 45, 2001), tuned on the points that they are fitted to."""

import math
from typing import Any

import numpy as np

from blackthorn.rivals.base import Floats

TREES = 100
"""Trees of a forest: more change nothing that matters, and each setting that is tried takes a forest."""
SHARES = (0.4, 1.0)
"""Shares of the features that a split may choose from, as tried."""
SEED = 0


def tuned_forest(features: Floats, target: Floats) -> tuple[Any, float]:
    """The forest whose trees predict best the points that they were not grown on, and its root mean square error there.

    Args:
        features: shape (n, p).
        target: shape (n,), n at least 3.
    """
    grown = (_grown(features, target, share) for share in SHARES)
    return min(((forest, _error(forest, target)) for forest in grown), key=lambda pair: pair[1])


def _grown(features: Floats, target: Floats, share: float) -> Any:
    from sklearn.ensemble import RandomForestRegressor

    forest = RandomForestRegressor(TREES, max_features=share, oob_score=True, random_state=SEED)
    return forest.fit(features, target)


def _error(forest: Any, target: Floats) -> float:
    return math.sqrt(float(np.mean((forest.oob_prediction_ - target) ** 2)))
