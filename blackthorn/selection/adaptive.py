"""The adaptive selector: one line through space for each axis, then wherever the joint formula is least certain."""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.joint import JointFit, Points
from blackthorn.fitting.structure import fit_points
from blackthorn.records import Range
from blackthorn.selection.base import AxisPoint, Progress
from blackthorn.selection.scores import coefficient_score, distance_score, leverage, levels_score, plausibility
from blackthorn.selection.slice import LEAST_SECONDS, SPREAD_IN_NOISE, next_value, values_of
from blackthorn.units import MS_PER_SECOND

Floats = NDArray[np.float64]

MOST_CANDIDATES = 3000
"""Points of a large grid that are weighed: drawn once, the same in every run."""
SPREAD_EVERY = 3
"""Every so many joint points one is taken furthest from all others, against what no candidate formula foresees."""
DEFAULT_LIMIT = 60
LEAST_NOISE_TOLD = 1e-3


class AdaptiveSelector:
    """Asks for the points that tell most about the nested formula over all axes.

    Args:
        axes: the values of each axis, the dimension to be nested outermost first.
        members: the dimensions that an axis moves together; an axis that is missing moves the dimension of its name.
        limit: the most points, known ones included.
    """

    def __init__(
        self, axes: Mapping[str, Range], members: Mapping[str, Sequence[str]] | None = None, limit: int = DEFAULT_LIMIT
    ) -> None:
        self._axes = dict(axes)
        self._members = {name: tuple((members or {}).get(name, (name,))) for name in axes}
        self._limit = limit
        self._known: dict[tuple[int, ...], tuple[float, float]] = {}
        self._skipped: set[tuple[int, ...]] = set()
        self._fits: list[JointFit] | None = None
        self._anchor = tuple(_anchor(axis) for axis in self._axes.values())
        self._candidates = _candidates(list(self._axes.values()))

    def tell(self, point: AxisPoint, seconds: float, relative_error: float) -> None:
        self._known[self._key(point)] = (seconds, relative_error)
        self._fits = None

    def skip(self, point: AxisPoint) -> None:
        self._skipped.add(self._key(point))

    def ask(self) -> AxisPoint | None:
        if len(self._known) >= self._limit:
            return None
        key = self._next_on_lines() or self._next_in_space()
        return None if key is None else dict(zip(self._axes, key, strict=True))

    def progress(self) -> Progress:
        if not self._known:
            return Progress(0, self._limit, "", None)
        best = self.fits()[0]
        return Progress(len(self._known), self._limit, best.formula().text(MS_PER_SECOND), 100.0 * best.noise)

    def fits(self) -> list[JointFit]:
        """What explains the points so far, best first; at least one point must be known."""
        if self._fits is None:
            self._fits = fit_points(self._points())
        return self._fits

    def _key(self, point: AxisPoint) -> tuple[int, ...]:
        return tuple(point[name] for name in self._axes)

    def _noise(self) -> float:
        """The median of the errors told."""
        return max(LEAST_NOISE_TOLD, float(np.median([error for _, error in self._known.values()])))

    def _points(self) -> Points:
        known = sorted(self._known)
        seconds = np.array([self._known[key][0] for key in known])
        weights = np.minimum(1.0, (self._noise() / np.maximum(LEAST_NOISE_TOLD, [self._known[key][1] for key in known])) ** 2)
        return Points(self._dimensions(np.array(known, dtype=np.float64)), seconds, self._noise(), weights)

    def _dimensions(self, keys: Floats) -> dict[str, Floats]:
        """Axis values, shape (n, axes), as the dimensions that they move."""
        return {member: keys[:, i] for i, name in enumerate(self._axes) for member in self._members[name]}

    def _next_on_lines(self) -> tuple[int, ...] | None:
        """The next point on the line through the anchor along the first axis whose shape is still in doubt."""
        share = self._limit if len(self._axes) == 1 else self._limit // (len(self._axes) + 1)
        for place, (name, axis) in enumerate(self._axes.items()):
            if len(self._members[name]) > 1:
                continue
            known = {key[place]: seconds for key, (seconds, _) in self._known.items() if self._on_line(key, place)}
            skipped = frozenset(key[place] for key in self._skipped if self._on_line(key, place))
            if len(known) < share:
                value = next_value(axis, known, skipped, self._noise() if self._known else LEAST_NOISE_TOLD)
                if value is not None:
                    return (*self._anchor[:place], value, *self._anchor[place + 1 :])
        return None

    def _on_line(self, key: tuple[int, ...], place: int) -> bool:
        return all(value == self._anchor[i] for i, value in enumerate(key) if i != place)

    def _next_in_space(self) -> tuple[int, ...] | None:
        """The candidate that tells most about the joint formula, or that is furthest from all known points."""
        closed = self._known.keys() | self._skipped
        open_ = np.array([tuple(c) not in closed for c in self._candidates.astype(int).tolist()])
        if not open_.any() or (len(self._axes) == 1 and len(self._members[next(iter(self._axes))]) == 1):
            return None
        known = np.array(sorted(self._known), dtype=np.float64).reshape(-1, len(self._axes))
        if len(known) < 2 or len(known) % SPREAD_EVERY == 0:
            score = distance_score(self._scaled(self._candidates), self._scaled(known)) if len(known) else -self._candidates.sum(1)
        else:
            score = self._joint_score(known)
        if score is None:
            return None
        best = int(np.where(open_, score, -np.inf).argmax())
        return tuple(int(v) for v in self._candidates[best])

    def _joint_score(self, known: Floats) -> Floats | None:
        """Nats that each candidate would tell; None when the formula is certain enough."""
        fits = self.fits()
        noise = max(fits[0].noise, self._noise())
        candidates = self._dimensions(self._candidates)
        probabilities = plausibility(np.array([fit.cost for fit in fits]))
        predictions = np.maximum(np.stack([fit.predict(candidates) for fit in fits]), LEAST_SECONDS)
        designs = fits[0].relative_columns(candidates)
        measured = fits[0].relative_columns(self._dimensions(known))
        if len(self._known) > 0 and math.sqrt(float(np.mean(leverage(designs, measured)))) <= SPREAD_IN_NOISE / 2 and probabilities[0] > 0.9:
            return None
        return levels_score(predictions, probabilities, noise) + coefficient_score(designs, measured)

    def _scaled(self, keys: Floats) -> Floats:
        """Axis values between 0 and 1: the mean of a linear and a logarithmic scale, small values mattering as ratios."""
        low = np.array([axis.low for axis in self._axes.values()], dtype=np.float64)
        high = np.array([axis.values()[-1] for axis in self._axes.values()], dtype=np.float64)
        linear = (keys - low) / np.maximum(high - low, 1.0)
        logarithmic = np.log(keys / low) / np.maximum(np.log(high / low), 1e-9)
        return (linear + logarithmic) / 2.0


def _anchor(axis: Range) -> int:
    """Where the lines cross: the power of two, or the value next to it, around a quarter of the range."""
    values = np.array(axis.values())
    target = 2 ** round(math.log2(max(1.0, axis.high / 4)))
    return int(values[np.abs(values - target).argmin()])


def _candidates(axes: Sequence[Range]) -> Floats:
    """Every point of a small grid; of a large one the corners and a fixed random sample, half of it uniform in the logarithm."""
    values = [values_of(axis) for axis in axes]
    if math.prod(len(v) for v in values) <= MOST_CANDIDATES:
        return np.stack(np.meshgrid(*values, indexing="ij"), axis=-1).reshape(-1, len(axes))
    rng = np.random.default_rng(0)
    uniform = [rng.choice(v, MOST_CANDIDATES // 2) for v in values]
    exponents = [rng.uniform(np.log(v[0]), np.log(v[-1]), MOST_CANDIDATES // 2) for v in values]
    logarithmic = [v[np.abs(v[:, None] - np.exp(e)).argmin(axis=0)] for v, e in zip(values, exponents, strict=True)]
    ends = np.stack(np.meshgrid(*[np.concatenate([v[:3], v[-3:]]) for v in values], indexing="ij"), axis=-1).reshape(-1, len(axes))
    return np.unique(np.concatenate([ends, np.stack(uniform, 1), np.stack(logarithmic, 1)]), axis=0)
