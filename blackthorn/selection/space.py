"""The space that a sweep moves in: its axes, the lines through its anchor, and the points that may be asked for."""

import math
from bisect import bisect_left
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.records import Range
from blackthorn.selection.base import AxisPoint
from blackthorn.selection.scores import distance_score, size_and_alignment, unit_scale
from blackthorn.selection.slice import even_values, values_of

Floats = NDArray[np.float64]
Key = tuple[int, ...]
"""The values of a point along the axes, in their order."""

Allowed = Callable[[AxisPoint], bool]
"""Whether a point may be measured; where one may, so may all that are smaller along every axis."""
Quantity = Callable[[AxisPoint], float]
"""What follows from a point, as the bytes that a layer moves do; positive."""

MOST_CANDIDATES = 3000
"""Points of a large grid that are weighed: drawn once, the same in every run."""
ENDS = 3
"""Values at either end of every axis whose combinations are always among the candidates: coefficients are surest there."""
ANCHOR_SHARE = 4
"""The lines cross at about this fraction of the ranges: where steps are still large and overheads already small."""
LONGEST_LINE = 16384
"""Values of an axis that tell a shape along a line: no block is so wide that its stairs would show on more of them, and what
shows, where caches end, is told by points spread over small and large values alike."""
ROOM = 2
"""From where the lines cross, this many times as much along all axes together may be measured, or else they cross lower."""
DRAWS = 20
"""Times as many points are drawn at most where not every one may be measured."""


class Line(msgspec.Struct, frozen=True):
    """All points that differ from the anchor along one axis alone."""

    place: int
    axis: Range
    anchor: Key

    def holds(self, key: Key) -> bool:
        """Whether a point lies on the line."""
        return all(value == self.anchor[i] for i, value in enumerate(key) if i != self.place)

    def key(self, value: int) -> Key:
        """The point of the line at a value of its axis."""
        return (*self.anchor[: self.place], value, *self.anchor[self.place + 1 :])


class Space:
    """Axes with their values, and what may be measured.

    Args:
        axes: the values of each.
        members: the dimensions that an axis moves, where it moves others than that of its name.
        allowed: which points may be measured; None for all.
        derived: what formulas may speak of beside the dimensions, by name.
        following: dimensions that are not the values of an axis but follow from these, by name.
    """

    def __init__(
        self,
        axes: Mapping[str, Range],
        members: Mapping[str, Sequence[str]],
        allowed: Allowed | None = None,
        derived: Mapping[str, Quantity] = {},
        following: Mapping[str, Quantity] = {},
    ) -> None:
        self._axes = dict(axes)
        self._members = {name: tuple(members.get(name, (name,))) for name in axes}
        self._allowed = allowed
        self._quantities = {**derived, **following}
        self._following = frozenset(following)
        moved = {name for along in self._members.values() for name in along}
        self.merged_names = tuple(name for name in following if name not in moved)
        self.derived_names = tuple(derived)
        self._worked_out: dict[tuple[str, Key], float] = {}
        self._lines = tuple(self._open_lines(self._crossing()))
        self.candidates, self.may_come = _candidates(list(self._axes.values()), self._may_be_measured)

    def key(self, point: AxisPoint) -> Key:
        """A point's values in the order of the axes."""
        return tuple(point[name] for name in self._axes)

    def point(self, key: Key) -> AxisPoint:
        """The point with these values."""
        return dict(zip(self._axes, key, strict=True))

    def dimensions(self, keys: Floats) -> dict[str, Floats]:
        """Values along the axes, shape (n, axes), as the dimensions that they move, shape (n,) each."""
        moved = {
            member: self._worked_out_at(member, keys) if member in self._following else keys[:, i]
            for i, name in enumerate(self._axes)
            for member in self._members[name]
        }
        return moved | {name: self._worked_out_at(name, keys) for name in self.merged_names}

    def derived(self, keys: Floats) -> dict[str, Floats]:
        """What formulas may speak of beside the dimensions, at values along the axes, shape (n, axes): shape (n,) each."""
        return {name: self._worked_out_at(name, keys) for name in self.derived_names}

    def lines(self) -> tuple[Line, ...]:
        """The lines along which a shape can be told: those of axes that move a single dimension, and are not too long."""
        return self._lines

    def is_line(self) -> bool:
        """Whether the whole space is one such line."""
        return len(self._axes) == len(self._lines) == 1

    def shares(self) -> int:
        """Parts in which the points are shared out: one for each line, and one for the space between where there is any."""
        return 1 if self.is_line() else len(self._axes) + 1

    def among_candidates(self, keys: Iterable[Key]) -> NDArray[np.bool_]:
        """Which candidates are among these points."""
        closed = set(keys)
        return np.array([tuple(candidate) in closed for candidate in self.candidates.astype(int).tolist()])

    def scaled(self, keys: Floats) -> Floats:
        """Points as numbers between 0 and 1 along every axis (`unit_scale`), same shape."""
        return unit_scale(keys, *self._ends())

    def _ends(self) -> tuple[Floats, Floats]:
        """The lowest and the highest value of every axis, shape (axes,) each."""
        low = [axis.low for axis in self._axes.values()]
        high = [axis.values()[-1] for axis in self._axes.values()]
        return np.array(low, dtype=np.float64), np.array(high, dtype=np.float64)

    def apart(self, key: Key) -> Floats:
        """How far each candidate is from a point, in size and alignment, shape (candidates,); infinite for the point itself."""
        point = np.array([key], dtype=np.float64)
        low, high = self._ends()
        distance = distance_score(*(size_and_alignment(keys, low, high) for keys in (self.candidates, point)))
        itself = (self.candidates == point).all(axis=1)
        return np.where(itself, np.inf, distance)

    def _worked_out_at(self, name: str, keys: Floats) -> Floats:
        """A quantity at points, shape (n,)."""
        return np.array([self._quantity(name, tuple(key)) for key in keys.astype(int).tolist()])

    def _quantity(self, name: str, key: Key) -> float:
        """What follows from a point, remembered: sweeps come back to their points and candidates again and again."""
        if (name, key) not in self._worked_out:
            self._worked_out[name, key] = self._quantities[name](self.point(key))
        return self._worked_out[name, key]

    def _may_be_measured(self, key: Iterable[float]) -> bool:
        return self._allowed is None or self._allowed(self.point(tuple(int(value) for value in key)))

    def _crossing(self) -> Key:
        """Where the lines cross: about `ANCHOR_SHARE` of the ranges, lower where layers are too large for some room above."""
        axes = self._axes.values()
        halvings = max(axis.high for axis in axes).bit_length()
        for share in (ANCHOR_SHARE * 2**halved for halved in range(halvings)):
            key = tuple(_anchor(axis, share) for axis in axes)
            above = (min(axis.values()[-1], ROOM * value) for axis, value in zip(axes, key, strict=True))
            if self._may_be_measured(above):
                return key
        return tuple(axis.low for axis in axes)

    def _open_lines(self, anchor: Key) -> Iterator[Line]:
        for place, (name, axis) in enumerate(self._axes.items()):
            if len(self._members[name]) == 1 and len(axis.values()) <= LONGEST_LINE:
                yield self._cut_short(Line(place, axis, anchor))

    def _cut_short(self, line: Line) -> Line:
        """The part of a line that may be measured."""
        values = line.axis.values()
        count = bisect_left(values, 1, key=lambda value: int(not self._may_be_measured(line.key(value))))
        return msgspec.structs.replace(line, axis=Range(line.axis.low, values[max(0, count - 1)], line.axis.step))


def _anchor(axis: Range, share: float) -> int:
    """The value of an axis at a share of its range: a power of two, or the value next to it."""
    values = np.array(axis.values())
    target = 2 ** round(math.log2(max(1.0, axis.high / share)))
    return int(values[np.abs(values - target).argmin()])


def _candidates(axes: Sequence[Range], allowed: Callable[[Sequence[float]], bool]) -> tuple[Floats, NDArray[np.bool_]]:
    """Every point of a small grid; of a large one its ends and a fixed sample, half of it uniform in the logarithm.

    And which of them may come in networks as well as any other: not the ends of a large grid, which are many where axes are,
    and of which no network is made.
    """
    values, evenly = [values_of(axis) for axis in axes], [even_values(axis) for axis in axes]
    if math.prod(len(axis) for axis in values) <= MOST_CANDIDATES:
        every = _kept(_grid(values), allowed)
        return every, np.ones(len(every), dtype=bool)
    rng = np.random.default_rng(0)
    half = MOST_CANDIDATES // 2
    uniform: list[Floats] = []
    logarithmic: list[Floats] = []
    for _ in range(DRAWS):
        drawn = np.stack([rng.choice(axis, half) for axis in evenly], axis=1)
        exponents = [rng.uniform(np.log(axis[0]), np.log(axis[-1]), half) for axis in values]
        near = [axis[np.abs(axis[:, None] - np.exp(e)).argmin(axis=0)] for axis, e in zip(values, exponents, strict=True)]
        uniform.extend(_kept(drawn, allowed))
        logarithmic.extend(_kept(np.stack(near, axis=1), allowed))
        if min(len(uniform), len(logarithmic)) >= half:
            break
    ends = _kept(_grid([np.unique(np.concatenate([axis[:ENDS], axis[-ENDS:]])) for axis in values]), allowed)
    sample = [*uniform[:half], *logarithmic[:half]]
    candidates, first = np.unique(np.stack([*sample, *ends]), axis=0, return_index=True)
    return candidates, first < len(sample)


def _kept(keys: Floats, allowed: Callable[[Sequence[float]], bool]) -> Floats:
    """The points that may be measured, shape (kept, axes)."""
    return keys[[allowed(key) for key in keys.tolist()]]


def _grid(values: Sequence[Floats]) -> Floats:
    """Every combination, shape (product of the lengths, axes)."""
    return np.stack(np.meshgrid(*values, indexing="ij"), axis=-1).reshape(-1, len(values))
