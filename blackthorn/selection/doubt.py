"""What a measurement is worth to the whole model of a class: how much less would be in doubt, over all layers that may come.

The time of a layer is what the formula says, whose coefficients are uncertain, times a factor that changes smoothly from layer
to layer, since formulas are only nearly true (the same that corrections are fitted to). Both together are a Gaussian process,
so that the variance of every prediction after one more measurement is known before it is made.

Source: Seo, Wallat, Graepel and Obermayer, "Gaussian process regression: active data selection and test point rejection",
2000, after Cohn (1996): the next point is that by which the mean variance over the space shrinks most.
"""

from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import sharpness
from blackthorn.formulas.gaussian_process import nearness, places

Floats = NDArray[np.float64]

LENGTH = 3.0
"""Octaves of a dimension over which what a formula leaves unexplained stays alike: as corrections take it to be beforehand."""
MOST_WEIGHED = 600
"""Layers over which doubt is summed up: drawn once from the candidates, the same in every run."""


class Believed(msgspec.Struct, frozen=True):
    """What is believed of G layers.

    Attributes:
        places: where they lie, one array of shape (G,) a dimension.
        columns: how their relative prediction answers to each coefficient, shape (G, p).
        noise: relative standard error of a measurement of each, shape (G,).
        seconds: predictions, shape (G,).
    """

    places: Sequence[Floats]
    columns: Floats
    noise: Floats
    seconds: Floats

    def counts(self) -> Floats:
        """How much errors at each layer count, 0 to 1, shape (G,): those of short layers as little as in fits."""
        return sharpness(self.seconds)


class Doubt:
    """The doubt over a fixed set of candidates.

    Args:
        dimensions: of the candidates, one array of shape (G,) each.
        may_come: those over which doubt counts, shape (G,).
    """

    def __init__(self, dimensions: Sequence[Floats], may_come: NDArray[np.bool_]) -> None:
        self._places = places(dimensions, [LENGTH] * len(dimensions))
        self._weighed = np.random.default_rng(0).permutation(np.flatnonzero(may_come))[:MOST_WEIGHED]
        self._alike = nearness(self._places, self._places[self._weighed])

    def shrinks(self, candidates: Believed, known: Believed, unexplained: float) -> Floats:
        """How much the doubt over all layers would shrink by measuring each candidate, as shares of the most; shape (G,).

        Args:
            candidates: those of this space, in their order.
            known: the layers measured, at least one.
            unexplained: relative standard deviation of what the formula leaves unexplained.
        """
        scale = np.maximum(np.abs(candidates.columns).max(axis=0), np.abs(known.columns).max(axis=0))
        scale[scale == 0.0] = 1.0
        at_candidates, at_known = candidates.columns / scale, known.columns / scale
        there = places(known.places, [LENGTH] * len(known.places))
        variance = unexplained**2
        shared = at_candidates @ at_known.T + variance * nearness(self._places, there)
        system = at_known @ at_known.T + variance * nearness(there, there) + np.diag(known.noise**2)
        learnt = np.linalg.solve(system, shared.T)
        left = (at_candidates**2).sum(axis=1) + variance - np.einsum("gn,ng->g", shared, learnt)
        weighed = self._weighed
        together = at_candidates @ at_candidates[weighed].T + variance * self._alike - shared @ learnt[:, weighed]
        shrinks: Floats = together**2 @ candidates.counts()[weighed] ** 2 / (np.maximum(left, 0.0) + candidates.noise**2)
        most = shrinks.max()
        return shrinks / most if most > 0.0 else shrinks
