"""Structures that were fitted to the same points, so that none is fitted twice however a search comes by it."""

from collections.abc import Iterable

from blackthorn.fitting.cells import Shapes
from blackthorn.fitting.joint import JointFit, cost_of
from blackthorn.fitting.lockstep import Lockstep
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import Shape


class Tried:
    """Structures that were fitted to the same points, each once."""

    def __init__(self, points: Points) -> None:
        self._points = points
        self._fits: dict[tuple[tuple[str, Shape], ...], JointFit] = {}

    def fit(self, structures: Iterable[Shapes]) -> Lockstep[list[JointFit]]:
        """Fit structures, those that were not fitted yet."""
        wanted = {_key(structure): structure for structure in structures}
        new = {key: structure for key, structure in wanted.items() if key not in self._fits}
        if new:
            fits = yield [(self._points, structure) for structure in new.values()]
            self._fits.update(zip(new, fits, strict=True))
        return [self._fits[key] for key in wanted]

    def along(self, best: JointFit, name: str, shapes: Iterable[Shape]) -> Lockstep[list[JointFit]]:
        """Fit a structure with each of several shapes along one dimension; one fit for every different shape."""
        return self.fit({**best.shapes, name: shape} for shape in shapes)

    def best(self, count: int) -> list[JointFit]:
        """Those of the shortest descriptions, that first."""
        return sorted(self._fits.values(), key=cost_of)[:count]


def _key(structure: Shapes) -> tuple[tuple[str, Shape], ...]:
    """A structure as something that can be looked up."""
    return tuple(structure.items())
