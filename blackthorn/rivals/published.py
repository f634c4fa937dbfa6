"""The 2021 method (Lechner and Jantsch, "Blackthorn", IEEE Access 9, doi 10.1109/ACCESS.2021.3101936), written anew.

One dimension after the other: the longest line of points along one dimension decides whether it is stairs, and how wide, or a
straight line; every other whole line gets coefficients of its own; and how these change along the next dimension is again
stairs, a line, or nothing. So it needs whole lines of points in all dimensions but the last, which scattered points do not
have. Of the points given it takes those that its scores choose.
"""

from collections import defaultdict
from typing import ClassVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.formulas import Constant, Formula
from blackthorn.rivals.base import CannotFit, Floats, too_few
from blackthorn.rivals.published_slices import fit_coefficients, fit_slice
from blackthorn.rivals.timed_layers import TimedLayers

FEWEST_ON_LINE = 3
"""Two start points and one that can contradict them."""
FEWEST_LINES = 2
CONSTANT = 0.05
"""Relative deviation up to which a coefficient does not change along the next dimension."""
FLOOR = 0.1
"""Share of the shortest time measured below which no prediction falls: lines run below zero where points are few."""

Places = NDArray[np.intp]


class PublishedModel(msgspec.Struct, frozen=True):
    """A formula, and the seconds below which it is not believed."""

    formula: Formula
    least: float

    def predict(self, layers: TimedLayers) -> Floats:
        return np.maximum(np.broadcast_to(self.formula.evaluate(layers.dimensions), len(layers)), self.least)


class Published(msgspec.Struct, frozen=True):
    """Candidates on a grid of 8, and the hierarchy over whole lines."""

    name: ClassVar[str] = "blackthorn-2021"
    summary: ClassVar[str] = "the method as published in 2021: widths on a grid of 8, whole lines of points"

    def fit(self, layers: TimedLayers) -> PublishedModel | CannotFit:
        if refusal := too_few(layers):
            return refusal
        found = _hierarchy({name: layers.dimensions[name] for name in layers.independent()}, layers.seconds)
        return found if isinstance(found, CannotFit) else PublishedModel(found, FLOOR * float(layers.seconds.min()))


def _hierarchy(dimensions: dict[str, Floats], values: Floats) -> Formula | CannotFit:
    """The formula of values, shape (n,), over the dimensions, the one with the longest line first."""
    mean = float(values.mean())
    if not dimensions or np.sqrt(np.mean((values - mean) ** 2)) <= CONSTANT * abs(mean):
        return Constant(mean)
    name = max(dimensions, key=lambda dimension: len(_lines(dimensions, dimension)[0]))
    x, rest = dimensions[name], {other: found for other, found in dimensions.items() if other != name}
    lines = _lines(dimensions, name)
    if len(lines[0]) < FEWEST_ON_LINE or (rest and len(lines) < FEWEST_LINES):
        return CannotFit("its hierarchy needs whole lines of points along each dimension")
    longest = fit_slice(x[lines[0]], values[lines[0]])
    if isinstance(longest, CannotFit) or not rest:
        return longest if isinstance(longest, CannotFit) else longest.formula(name)
    fitted = [(line[0], fit_coefficients(x[line], values[line], longest.width)) for line in lines]
    known = [(place, pair) for place, pair in fitted if pair is not None]
    places, pairs = [place for place, _ in known], np.array([pair for _, pair in known])
    base, rise = (_hierarchy({other: found[places] for other, found in rest.items()}, column) for column in pairs.T)
    if isinstance(base, CannotFit) or isinstance(rise, CannotFit):
        return base if isinstance(base, CannotFit) else rise
    return longest.formula(name, base, rise)


def _lines(dimensions: dict[str, Floats], name: str) -> list[Places]:
    """Places of the points on each line along a dimension, the longest first; lines too short to be fitted are left out.

    The longest is there however short it is.
    """
    others = [values for other, values in dimensions.items() if other != name]
    lines: dict[tuple[float, ...], list[int]] = defaultdict(list)
    for place in range(len(dimensions[name])):
        lines[tuple(float(values[place]) for values in others)].append(place)
    ordered = sorted((np.array(line) for line in lines.values()), key=len, reverse=True)
    return [line for line in ordered if len(line) >= FEWEST_ON_LINE] or ordered[:1]
