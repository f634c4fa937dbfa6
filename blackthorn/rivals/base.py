"""What every rival is: something that is fitted to timed layers of one class and then predicts others of that class."""

from typing import ClassVar, Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.rivals.timed_layers import TimedLayers

Floats = NDArray[np.float64]


class Model(Protocol):
    """A rival that was fitted."""

    def predict(self, layers: TimedLayers) -> Floats:
        """Seconds of layers of the same class, positive and finite, shape (n,); their timings are not looked at."""
        ...


class CannotFit(msgspec.Struct, frozen=True):
    """What comes of a fit that the rival has no way to make; `reason` is a clause without a full stop."""

    reason: str


class Rival(Protocol):
    """A way to predict layers. It is deterministic: the same layers give the same model.

    Attributes:
        name: what the command line calls it.
        summary: what it is, in a line.
    """

    name: ClassVar[str]
    summary: ClassVar[str]

    def fit(self, layers: TimedLayers) -> Model | CannotFit:
        """A model of the class of `layers`, or why there is none."""
        ...


FEWEST_POINTS = 3
"""Below that nothing can be fitted and tried on points left out."""


def too_few(layers: TimedLayers) -> CannotFit | None:
    """The refusal of fewer than `FEWEST_POINTS` layers."""
    return CannotFit(f"it needs {FEWEST_POINTS} points or more") if len(layers) < FEWEST_POINTS else None
