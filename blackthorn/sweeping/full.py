"""Every point of a grid: the ground truth that adaptive sweeps are judged by."""

import math
from collections.abc import Iterator, Mapping, Sequence

from typing_extensions import override

from blackthorn.records import Range
from blackthorn.selection import AxisPoint, Progress, Selector


def spread_out(sizes: Sequence[int]) -> Iterator[tuple[int, ...]]:
    """Every index of a grid once, in an order of which any beginning covers the whole grid evenly.

    The bits of a counter, lowest first, go round the axes, to each as its highest bit that is still free: along one axis the
    sequence of van der Corput (1935), 0, 1/2, 1/4, 3/4, ..., on a grid each axis in its turn. Indices that the powers of two
    add beyond the sizes are left out.

    Args:
        sizes: points along each axis, at least 1.
    """
    free = [(size - 1).bit_length() for size in sizes]
    places: list[tuple[int, int]] = []
    while any(free):
        for axis, bits in enumerate(free):
            if bits:
                free[axis] -= 1
                places.append((axis, free[axis]))
    for count in range(2 ** len(places)):
        index = [0] * len(sizes)
        for bit, (axis, place) in enumerate(places):
            index[axis] |= (count >> bit & 1) << place
        if all(i < size for i, size in zip(index, sizes, strict=True)):
            yield tuple(index)


class FullSelector(Selector):
    """Asks for every point of the grid, spread out early, so that a full sweep that is cut short is useful already.

    Args:
        axes: the values along each axis.
        limit: the most points to ask for, those told included; None for all.
    """

    def __init__(self, axes: Mapping[str, Range], limit: int | None = None) -> None:
        self._axes = dict(axes)
        steps = [values.values() for values in self._axes.values()]
        size = math.prod(map(len, steps))
        self._limit = size if limit is None else min(limit, size)
        self._order = (
            dict(zip(self._axes, (step[i] for step, i in zip(steps, index, strict=True)), strict=True))
            for index in spread_out([len(step) for step in steps])
        )
        self._next = next(self._order, None)
        self._told: set[tuple[int, ...]] = set()
        self._skipped: set[tuple[int, ...]] = set()

    def ask(self) -> AxisPoint | None:
        if len(self._told) >= self._limit:
            return None
        while self._next is not None and self._is_done(self._key(self._next)):
            self._next = next(self._order, None)
        return None if self._next is None else dict(self._next)

    @override
    def tell(self, point: AxisPoint, seconds: float, relative_error: float) -> None:
        if all(point[axis] in values.values() for axis, values in self._axes.items()):
            self._told.add(self._key(point))

    def skip(self, point: AxisPoint) -> None:
        self._skipped.add(self._key(point))

    def progress(self) -> Progress:
        return Progress(points=len(self._told), limit=self._limit, formula="", error=None)

    def _is_done(self, key: tuple[int, ...]) -> bool:
        return key in self._told or key in self._skipped

    def _key(self, point: AxisPoint) -> tuple[int, ...]:
        return tuple(point[axis] for axis in self._axes)
