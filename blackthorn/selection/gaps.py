"""Where thresholds may lie: anywhere between the two measured values that they part."""

import math
from collections.abc import Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.shapes import Shape, conditions, with_conditions
from blackthorn.fitting.slices import Explanation
from blackthorn.formulas import AtMost, Condition

Floats = NDArray[np.float64]
Gap = tuple[int, int]

PLACES = 7
"""Thresholds that stand for all in a gap. A prime, so that those of several gaps can be paired as a Latin square pairs them."""


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
    gaps = [_gap(condition, x) if isinstance(condition, AtMost) else None for condition in conditions(explanation.shape)]
    if all(gap is None or gap[0] == gap[1] for gap in gaps):
        return [explanation]
    cost = explanation.cost + math.log(PLACES)
    return [
        msgspec.structs.replace(explanation, shape=_moved(explanation.shape, gaps, variant), cost=cost)
        for variant in range(PLACES)
    ]


def _moved(shape: Shape, gaps: Sequence[Gap | None], variant: int) -> Shape:
    """The shape with its thresholds where this variant has them: in the next gap further on by one more place."""
    others = (
        condition if gap is None else AtMost(_within(gap, (variant * (place + 1) + place) % PLACES))
        for place, (condition, gap) in enumerate(zip(conditions(shape), gaps, strict=True))
    )
    return with_conditions(shape, others)


def _within(gap: Gap, place: int) -> int:
    """The threshold at one of `PLACES` in a gap, which are ratios apart: caches are as likely to end at 1 MB as at 2."""
    below, above = gap
    return round(below * math.pow(above / below, place / (PLACES - 1)))
