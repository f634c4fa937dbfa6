"""The adaptive selector: lines through space, one for each axis, and between them wherever most would be learnt."""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import islice

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import LEAST_NOISE, bounded, sharpness
from blackthorn.fitting.joint import JointFit, cost_of, fit_structure, fit_structures
from blackthorn.fitting.kernels import fit_points
from blackthorn.fitting.points import Points
from blackthorn.formulas import Border
from blackthorn.records import Range
from blackthorn.selection.base import AxisPoint, Progress
from blackthorn.selection.doubt import Believed, Doubt
from blackthorn.selection.gaps import spread_over_doubt
from blackthorn.selection.scores import distance_score, levels_score, leverage, plausibility
from blackthorn.selection.slice import LEAST_SAY, LEAST_SECONDS, SURE, next_value
from blackthorn.selection.space import Allowed, Key, Quantity, Space
from blackthorn.units import MS_PER_SECOND

Floats = NDArray[np.float64]

DOUBT_IN_NOISE = 0.25
"""Root mean square standard error of the joint prediction, in units of the noise, at which it is certain enough."""
UNEXPLAINED_IN_NOISE = 1.5
"""Residuals, in units of the noise, above which a formula is too simple, however certain its coefficients are."""
PROOFS = 4
"""Points away from all lines through the anchor without which nothing is certain."""
FORETOLD = 8
"""Points told last that the formula of all others must foretell before a sweep ends by itself."""
FORETOLD_SHARE = 4
"""One in so many of all points if that is more: a kernel for narrow images alone, say, shows at few of them."""
WORTHLESS = 0.05
"""Share of measurements that may be far off for no reason of the formula's."""
BESIDE_EVERY = 2
"""One in so many points is taken beside others that are off, at most."""
LINES_SHARE = 1 / 3
"""Share of all points that lines may take at any time in a space of two axes: they tell shapes, and points between them which
products there are. In one of n axes it is this over n - 1, since space beside the lines is what axes add."""
FEWEST_BETWEEN = 4
"""Points before which formulas say too little of where to measure next."""
SEARCHES = 4
"""Structures are searched for anew when one point in so many is new: the search takes as long as a measurement."""
DEFAULT_LIMIT = 60


class AdaptiveSelector:
    """Asks for the points that tell most about the nested formula over all axes.

    Args:
        axes: the values of each axis, the dimension to be nested outermost first.
        members: the dimensions of formulas that an axis moves together; one that is missing moves the dimension of its name.
        limit: the most points, known ones included.
        allowed: whether a point may be asked for; any may unless given.
        derived: what the formulas that are fitted in the end may speak of beside the dimensions, as bytes moved: regimes part
            there, and points are worth most where they do.
        following: the dimensions of formulas that are not the values of an axis but follow from these; those that are no axis's
            member either are moved by several axes together, as the positions of an image are by its sizes.
        borders: of those dimensions that a window slides along.
    """

    def __init__(
        self,
        axes: Mapping[str, Range],
        members: Mapping[str, Sequence[str]] | None = None,
        limit: int = DEFAULT_LIMIT,
        allowed: Allowed | None = None,
        derived: Mapping[str, Quantity] = {},
        following: Mapping[str, Quantity] = {},
        borders: Mapping[str, Border] = {},
    ) -> None:
        self._space = Space(axes, members or {}, allowed, derived, following)
        self._doubt = Doubt(tuple(self._space.dimensions(self._space.candidates).values()), self._space.may_come)
        self._lines_share = LINES_SHARE / max(1, len(axes) - 1)
        self._borders = borders
        self._limit = limit
        self._known: dict[Key, tuple[float, float]] = {}
        self._skipped: set[Key] = set()
        self._found: dict[int, list[JointFit]] = {}
        self._refitted: list[JointFit] | None = None

    def tell(self, point: AxisPoint, seconds: float, relative_error: float) -> None:
        key, told = self._space.key(point), (seconds, max(LEAST_NOISE, relative_error))
        if self._known.get(key, told) != told:
            self._found.clear()
        self._known[key] = told
        self._refitted = None

    def skip(self, point: AxisPoint) -> None:
        self._skipped.add(self._space.key(point))

    def ask(self) -> AxisPoint | None:
        if len(self._known) >= self._limit:
            return None
        key = self._next_on_lines() or self._next_in_space()
        return None if key is None else self._space.point(key)

    def progress(self) -> Progress:
        if not self._known:
            return Progress(0, self._limit, "", None)
        best = self.fits()[0]
        return Progress(len(self._known), self._limit, best.formula().text(MS_PER_SECOND), 100.0 * best.noise)

    def fits(self) -> list[JointFit]:
        """What explains the points so far, best first; at least one point must be known.

        Structures are searched for each time that a quarter of the points is new; in between, those found are fitted again.
        """
        known = len(self._known)
        searched = known - known % max(1, known // SEARCHES)
        if searched == known:
            return self._searched(known)
        if self._refitted is None:
            points = self._points(self._known)
            refitted = fit_structures([(points, fit.structure) for fit in self._searched(searched)])
            self._refitted = sorted(refitted, key=cost_of)
        return self._refitted

    def _searched(self, first: int) -> list[JointFit]:
        """The likeliest structures by the points that were told first."""
        if first not in self._found:
            self._found[first] = fit_points(self._points(islice(self._known, first)))
        return self._found[first]

    def _noise(self) -> float:
        """The median of the errors told."""
        return float(np.median([error for _, error in self._known.values()])) if self._known else LEAST_NOISE

    def _weighed(self, seconds: float, error: float) -> tuple[float, float]:
        """Seconds, and how much they count: less where the error told is above the usual one."""
        return seconds, min(1.0, (self._noise() / error) ** 2)

    def _points(self, keys: Iterable[Key]) -> Points:
        """Some of the known points."""
        known = sorted(keys)
        seconds, errors = np.array([self._known[key] for key in known]).T
        noise = float(np.median(errors))
        weights = np.minimum(1.0, (noise / errors) ** 2)
        told_of, space = self._told_of(_array(known)), self._space
        return Points(told_of, seconds, noise, weights, space.derived_names, space.merged_names, self._borders)

    def _next_on_lines(self) -> Key | None:
        """The next point on the line through the anchor along the first axis whose shape is still in doubt."""
        on_lines = len(self._known) - self._between_lines()
        if not self._space.is_line() and on_lines > self._lines_share * len(self._known):
            return None
        for line in self._space.lines():
            known = {key[line.place]: self._weighed(*told) for key, told in self._known.items() if line.holds(key)}
            if len(known) < self._limit // self._space.shares():
                skipped = frozenset(key[line.place] for key in self._skipped if line.holds(key))
                value = next_value(line.axis, known, skipped, self._noise())
                if value is not None:
                    return line.key(value)
        return None

    def _next_in_space(self) -> Key | None:
        """The candidate that tells most about the joint formula, or that is furthest from all known points."""
        candidates = self._space.candidates
        open_ = ~self._space.among_candidates(self._known.keys() | self._skipped)
        if self._space.is_line() or not open_.any():
            return None
        score = self._distance_score() if len(self._known) < FEWEST_BETWEEN else self._joint_score()
        if score is None:
            return None
        best = int(np.where(open_, score, -np.inf).argmax())
        return tuple(int(value) for value in candidates[best])

    def _is_proved(self, fit: JointFit) -> bool:
        """Whether a fit explains all points, and those told last would have been foretold without them."""
        known = list(self._known)
        count = max(FORETOLD, len(known) // FORETOLD_SHARE)
        if self._between_lines() < PROOFS or len(known) <= count:
            return False
        before, latest = self._points(known[:-count]), self._points(known[-count:])
        return self._explains(fit, self._points(known)) and self._explains(fit_structure(before, fit.structure), latest)

    def _between_lines(self) -> int:
        """How many points lie away from the lines: on these alone, products of dimensions look like single ones."""
        return sum(not any(line.holds(key) for line in self._space.lines()) for key in self._known)

    def _explains(self, fit: JointFit, points: Points) -> bool:
        """Whether a fit leaves no more unexplained than the measurements claim; a few that are worthless do not count.

        Most points of a sweep lie where layers are large: a median over all would not see that small ones are far off.
        """
        squares = np.sort((fit.predict(points.dimensions) / points.seconds - 1.0) ** 2)
        counted = squares[: math.ceil((1.0 - WORTHLESS) * len(squares))]
        return math.sqrt(float(np.mean(counted))) <= UNEXPLAINED_IN_NOISE * self._noise()

    def _distance_score(self) -> Floats:
        """Distance of each candidate to the nearest known point; to the smallest point where none is known."""
        scaled = self._space.scaled
        known = sorted(self._known) or [tuple(int(value) for value in self._space.candidates[-1])]
        return distance_score(scaled(self._space.candidates), scaled(_array(known)))

    def _joint_score(self) -> Floats | None:
        """What each candidate would tell of the structure and of all predictions; None when the formula is certain enough."""
        fits = self.fits()
        beside = self._beside_what_is_off(fits[0])
        if beside is not None:
            return beside
        if self._is_certain(fits):
            fits = self._searched(len(self._known))
            if self._is_certain(fits):
                return None if self._is_proved(fits[0]) else self._distance_score()
        told_of = self._told_of(self._space.candidates)
        likely = [fit for fit in fits if fit.cost <= fits[0].cost + LEAST_SAY]
        spread = spread_over_doubt(likely, self._points(self._known))
        predictions = np.maximum(np.stack([fit.predict(told_of) for fit in spread]), LEAST_SECONDS)
        candidates, known = self._believed(fits[0])
        counts = candidates.counts()
        levels = levels_score(predictions, _probabilities(spread), max(fits[0].noise, self._noise()) / counts)
        return counts * levels + self._doubt.shrinks(candidates, known, fits[0].noise)

    def _beside_what_is_off(self, fit: JointFit) -> Floats | None:
        """The candidate beside a measurement that took far longer than a fit says, as scores; None where none is to be taken.

        Such a one is worthless, or the first of layers that are all so slow. As long as it stands alone it counts as worthless
        or as noise, and nothing else would ask for another.
        """
        if len(self._known) % BESIDE_EVERY:
            return None
        keys = sorted(self._known)
        seconds = np.array([self._known[key][0] for key in keys])
        residuals = sharpness(seconds) * (1.0 - fit.predict(self._told_of(_array(keys))) / seconds)
        off = residuals > bounded(residuals)
        taken = self._space.among_candidates(self._known.keys() | self._skipped)
        for key in (keys[place] for place in np.flatnonzero(off)):
            distance = self._space.apart(key)
            if not taken[distance.argmin()]:
                return -distance
        return None

    def _believed(self, fit: JointFit) -> tuple[Believed, Believed]:
        """What a fit says of the candidates, and of the known points."""
        return self._believed_at(fit, self._space.candidates), self._believed_at(fit, _array(sorted(self._known)))

    def _believed_at(self, fit: JointFit, keys: Floats) -> Believed:
        told_of = self._told_of(keys)
        seconds = np.maximum(fit.predict(told_of), LEAST_SECONDS)
        noise = self._noise() / sharpness(seconds)
        places = tuple(self._space.dimensions(keys).values())
        return Believed(places, fit.relative_columns(told_of), noise, seconds)

    def _told_of(self, keys: Floats) -> dict[str, Floats]:
        """All that formulas may speak of, at some points."""
        return self._space.derived(keys) | self._space.dimensions(keys)

    def _is_certain(self, fits: Sequence[JointFit]) -> bool:
        """Whether one structure is as good as found, and its coefficients are known to within the noise."""
        told = (found.columns * (self._noise() / found.noise)[:, None] for found in self._believed(fits[0]))
        doubt = math.sqrt(float(np.mean(leverage(*told))))
        return doubt <= DOUBT_IN_NOISE and _probabilities(fits)[0] >= SURE


def _probabilities(fits: Sequence[JointFit]) -> Floats:
    return plausibility(np.array([fit.cost for fit in fits]))


def _array(keys: Sequence[Key]) -> Floats:
    return np.array(keys, dtype=np.float64)
