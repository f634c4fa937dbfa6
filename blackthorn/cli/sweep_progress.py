"""How far a sweep is, on standard error: a bar on a terminal, a line now and then elsewhere.

The bar is drawn after a point and never meanwhile: a thread that draws ten times a second would take the processor from what
is being timed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from blackthorn.cli.tables import shortened
from blackthorn.cli.terminal import is_watched
from blackthorn.records import Measurement
from blackthorn.selection import Progress
from blackthorn.units import readable_duration

if TYPE_CHECKING:
    from rich.progress import ProgressColumn

OnPoint = Callable[[Progress, Measurement], None]

SECONDS_BETWEEN_LINES = 10.0
"""Often enough to see that it goes on, seldom enough for a log."""
FORMULA_CHARACTERS = 48
"""As much of a formula as fits beside the bar on a terminal of 120 columns."""


@contextmanager
def shown_progress() -> Iterator[OnPoint]:
    """What to call after every point; a bar is taken away at the end."""
    if is_watched():
        with _bar() as on_point:
            yield on_point
    else:
        yield _lines()


class Clock:
    """Tells what is left of a sweep from the pace of this run."""

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._began = now()
        self._taken = 0

    def left(self, progress: Progress) -> str:
        """How long the sweep may go on after one point more, as a person says it."""
        self._taken += 1
        pace = (self._now() - self._began) / self._taken
        return f"at most {readable_duration(pace * max(progress.limit - progress.points, 0))} left"


def error_text(progress: Progress) -> str:
    """The error of the present formula."""
    return "" if progress.error is None else f"error {progress.error:.1f} %"


def _lines(now: Callable[[], float] = time.monotonic) -> OnPoint:
    clock, due = Clock(now), now() + SECONDS_BETWEEN_LINES

    def on_point(progress: Progress, _: Measurement) -> None:
        nonlocal due
        left = clock.left(progress)
        if now() >= due:
            due = now() + SECONDS_BETWEEN_LINES
            parts = [f"{progress.points} of at most {progress.limit} points", error_text(progress), left]
            click.echo(", ".join(part for part in parts if part), err=True)

    return on_point


@contextmanager
def _bar() -> Iterator[OnPoint]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn
    from rich.progress import Progress as Bar

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), *map(_field, ("error", "left", "formula")))
    with Bar(*columns, console=Console(stderr=True), auto_refresh=False, transient=True) as bar:
        task = bar.add_task("sweep", total=None, error="", left="", formula="first point ...")
        bar.refresh()
        clock = Clock()

        def on_point(progress: Progress, _: Measurement) -> None:
            bar.update(
                task,
                total=progress.limit,
                completed=progress.points,
                error=error_text(progress),
                left=clock.left(progress),
                formula=shortened(progress.formula, FORMULA_CHARACTERS),
                refresh=True,
            )

        yield on_point


def _field(name: str) -> "ProgressColumn":
    """A column that shows a field of the task as it is."""
    from rich.progress import TextColumn

    return TextColumn(f"{{task.fields[{name}]}}", markup=False)
