"""Searches for structures that go on side by side: what all of them want fitted next is fitted together.

Calls of linear algebra on a dozen points take as long as on a thousand. A search is a generator that yields what it wants
fitted, is sent the fits, and returns what it found; so searches are written one by one and still share their calls.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import chain, islice
from typing import Generic, TypeVar

from blackthorn.fitting.cells import Structure
from blackthorn.fitting.joint import JointFit, fit_structures
from blackthorn.fitting.points import Points

Found = TypeVar("Found")
Wanted = Sequence[tuple[Points, Structure]]
"""Structures that are to be fitted, each to points of its own."""
Lockstep = Generator[Wanted, list[JointFit], Found]


def finished(search: Lockstep[Found]) -> Found:
    """What a search finds."""
    running = _Running(search)
    while running.wanted is not None:
        running.go_on(fit_structures(running.wanted))
    return running.found[0]


def side_by_side(searches: Iterable[Lockstep[Found]]) -> Lockstep[list[Found]]:
    """One search that is several: in every step it wants whatever any of them wants."""
    running = [_Running(search) for search in searches]
    while wanted := [one.wanted for one in running if one.wanted is not None]:
        fits = iter((yield list(chain.from_iterable(wanted))))
        for one in running:
            if one.wanted is not None:
                one.go_on(list(islice(fits, len(one.wanted))))
    return [found for one in running for found in one.found]


class _Running(Generic[Found]):
    """A search that is under way.

    Attributes:
        wanted: what it wants fitted next; None once it has ended.
        found: what it found, once it has.
    """

    def __init__(self, search: Lockstep[Found]) -> None:
        self._search = search
        self.wanted: Wanted | None = None
        self.found: list[Found] = []
        self._hear(search.__next__)

    def go_on(self, fits: list[JointFit]) -> None:
        """Send it what it wanted."""
        self._hear(lambda: self._search.send(fits))

    def _hear(self, step: Callable[[], Wanted]) -> None:
        try:
            self.wanted = step()
        except StopIteration as end:
            self.wanted = None
            self.found.append(end.value)
