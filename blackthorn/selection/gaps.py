"""Where thresholds may lie: anywhere between the two measured values that they part, or as far as measurements do not tell."""

import math
from collections.abc import Iterable, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.cells import conditions_of, with_conditions_of
from blackthorn.fitting.evidence import misfit_of, sharpness
from blackthorn.fitting.joint import JointFit
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import Shape, conditions, with_conditions
from blackthorn.fitting.slices import Explanation
from blackthorn.formulas import AtMost, Condition

Floats = NDArray[np.float64]
Gap = tuple[int, int]

PLACES = 7
"""Thresholds that stand for all in a gap. A prime, so that those of several gaps can be paired as a Latin square pairs them."""
TOLD = 1.0
"""Nats by which measurements speak against a place of a threshold before it is told that it does not lie there."""


def spread_over_gaps(explanations: Sequence[Explanation], x: Floats) -> tuple[Explanation, ...]:
    """Explanations whose thresholds the measurements do not tell apart, as likely in each part of their gaps; best first.

    An explanation names one threshold of each gap. Where a point within the gap is worth most shows only when the others have
    a say as well: it is worth little beside an end of the gap, however likely the threshold is to lie in it.

    Args:
        explanations: of the same measurements, best first.
        x: the values measured, rising, shape (n,).
    """
    distinct: dict[tuple[Shape, tuple[tuple[float, ...], ...]], Explanation] = {}
    for explanation in explanations:
        lowest = with_conditions(explanation.shape, (_at_lowest(condition, x) for condition in conditions(explanation.shape)))
        distinct.setdefault((lowest, explanation.coefficients), msgspec.structs.replace(explanation, shape=lowest))
    spread = [variant for explanation in distinct.values() for variant in _variants(explanation, x)]
    return tuple(sorted(spread, key=lambda explanation: explanation.cost))


def _at_lowest(condition: Condition, x: Floats) -> Condition:
    """The condition, its threshold at the lower end of its gap."""
    return AtMost(_gap(condition, x)[0]) if isinstance(condition, AtMost) else condition


def _gap(condition: AtMost, x: Floats) -> Gap:
    """The lowest and the highest threshold that part the values as this one does."""
    above = int(np.searchsorted(x, condition.threshold, side="right"))
    return int(x[above - 1]), int(x[above]) - 1


def _variants(explanation: Explanation, x: Floats) -> list[Explanation]:
    """The explanation with thresholds all over their gaps, `PLACES` in each; itself where none can be moved."""
    held = list(conditions(explanation.shape))
    moved = _moved(held, [_gap(condition, x) if isinstance(condition, AtMost) else None for condition in held])
    cost = explanation.cost + math.log(len(moved))
    shapes = (with_conditions(explanation.shape, iter(others)) for others in moved)
    return [msgspec.structs.replace(explanation, shape=shape, cost=cost) for shape in shapes]


def spread_over_doubt(fits: Iterable[JointFit], points: Points) -> list[JointFit]:
    """Fits of several dimensions with thresholds all over where the measurements leave them, as likely in each part.

    A point at which it makes no difference on which side of a threshold it lies, as small layers do not show where large ones
    take another kernel, tells nothing of the threshold, however near it is.

    Args:
        fits: of these points.
        points: what was measured.
    """
    return [variant for fit in fits for variant in _fit_variants(fit, points)]


def _fit_variants(fit: JointFit, points: Points) -> list[JointFit]:
    """The same of a fit, whose thresholds are in doubt where measurements do not tell."""
    held = [condition for _, condition in conditions_of(fit.structure)]
    moved = _moved(held, [_doubt(fit, points, place) for place in range(len(held))])
    cost = fit.cost + math.log(len(moved))
    structures = (with_conditions_of(fit.structure, iter(others)) for others in moved)
    return [msgspec.structs.replace(fit, structure=structure, cost=cost) for structure in structures]


def _doubt(fit: JointFit, points: Points, place: int) -> Gap | None:
    """The lowest and the highest place of a threshold, its sides as they are, that measurements do not speak against.

    Args:
        fit: of these points.
        points: what was measured.
        place: which of the fit's conditions; None is returned for one that is no threshold, or that parts no points.
    """
    names, held = zip(*conditions_of(fit.structure), strict=True)
    own = held[place]
    if not isinstance(own, AtMost):
        return None
    values, at = np.unique(points.dimensions[names[place]], return_inverse=True)
    if not values[0] <= own.threshold < values[-1]:
        return None

    def misfits(threshold: int) -> Floats:
        """Nats of the measurements of each value, with the threshold elsewhere."""
        structure = with_conditions_of(fit.structure, iter([*held[:place], AtMost(threshold), *held[place + 1 :]]))
        seconds = msgspec.structs.replace(fit, structure=structure).predict(points.dimensions)
        residuals = sharpness(points.seconds) * (1.0 - seconds / points.seconds)
        variance = np.array(max(fit.noise, points.reported_noise) ** 2)
        nats: Floats = np.bincount(at, misfit_of(residuals[:, None], variance, points.weights[:, None])).astype(np.float64)
        return nats

    then, otherwise = misfits(int(values[-1])), misfits(int(values[0]) - 1)
    misfit = np.cumsum(then - otherwise)[:-1]  # but for what all places have in common; by the last value on the `then` side
    below = int(np.searchsorted(values, own.threshold, side="right")) - 1
    told = np.flatnonzero(misfit >= misfit[below] + TOLD)
    lowest, highest = told[told < below].max(initial=-1) + 1, told[told > below].min(initial=len(misfit)) - 1
    return int(values[lowest]), int(values[highest + 1]) - 1


def _moved(held: Sequence[Condition], gaps: Sequence[Gap | None]) -> list[list[Condition]]:
    """Conditions with their thresholds in `PLACES` ways, in each next gap further on by one more place; one if none can move.

    Args:
        held: the conditions.
        gaps: where the threshold of each may lie; None for one that stays.
    """
    if all(gap is None or gap[0] == gap[1] for gap in gaps):
        return [list(held)]
    return [
        [
            condition if gap is None else AtMost(_within(gap, (variant * (place + 1) + place) % PLACES))
            for place, (condition, gap) in enumerate(zip(held, gaps, strict=True))
        ]
        for variant in range(PLACES)
    ]


def _within(gap: Gap, place: int) -> int:
    """The threshold at one of `PLACES` in a gap, which are ratios apart: caches are as likely to end at 1 MB as at 2."""
    below, above = gap
    return round(below * math.pow(above / below, place / (PLACES - 1)))
