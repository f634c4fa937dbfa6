"""Which point next: ask and tell.

A selector never measures: `ask` names the next point, `tell` takes what was measured there. The same points told in the same
order give the same answers, however often they are told: a sweep that is resumed goes on as if it had never stopped.
"""

from typing import Protocol

import msgspec

AxisPoint = dict[str, int]
"""Axis name to value: one point of a sweep."""


class Progress(msgspec.Struct, frozen=True):
    """How far a selector is.

    Attributes:
        points: points told.
        limit: the most it will ask for, those told included.
        formula: the present formula in clear, in milliseconds; empty before there is one.
        error: root mean square relative error of the formula over the points told, in percent; None before there is one.
    """

    points: int
    limit: int
    formula: str
    error: float | None


class Selector(Protocol):
    """What the sweep loop asks and tells."""

    def ask(self) -> AxisPoint | None:
        """The next point to measure; None when enough is known. Asking again without telling gives the same answer."""

    def tell(self, point: AxisPoint, seconds: float, relative_error: float) -> None:
        """What was measured at a point, in seconds at the nominal machine speed, and its relative standard error."""

    def skip(self, point: AxisPoint) -> None:
        """A point that could not be measured: it is not asked for again."""

    def progress(self) -> Progress:
        """How far it is, for people."""
