"""How far the timing of networks is, on standard error: a line for each that is done, and a bar below on a terminal.

As in a sweep, the bar is drawn between networks and never while one is timed.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from blackthorn.cli.layer_table import LONGEST_NAME
from blackthorn.cli.tables import shortened, signed_percent
from blackthorn.cli.terminal import is_watched
from blackthorn.truth import Failure, Outcome, Watcher
from blackthorn.units import readable_duration, readable_time

if TYPE_CHECKING:
    from rich.progress import Progress


@contextmanager
def shown_networks(total: int, seconds: float) -> Iterator[Watcher]:
    """Whom to tell of networks; a bar is taken away at the end.

    Args:
        total: how many networks there are.
        seconds: what each is expected to take before any has been timed.
    """
    if is_watched():
        with _bar() as bar:
            yield NetworkBar(total, seconds, bar)
    else:
        yield NetworkLines(total)


class NetworkLines:
    """A line for each network that is done, so that it is on record however the series ends; why it failed, where it did."""

    def __init__(self, total: int) -> None:
        self.total = total
        self.done = 0

    def begin(self, path: Path) -> None:
        """Nothing is said before a network is done."""

    def end(self, outcome: Outcome) -> None:
        self.done += 1
        self.say(outcome_line(outcome, f"{self.done} of {self.total}"))

    def say(self, line: str) -> None:
        """Write a line to standard error."""
        click.echo(line, err=True)


class NetworkBar(NetworkLines):
    """The same lines above a bar that names the network in hand and how long all may still take."""

    def __init__(self, total: int, seconds: float, bar: "Progress", now: Callable[[], float] = time.monotonic) -> None:
        super().__init__(total)
        self._seconds = seconds
        self._bar = bar
        self._task = bar.add_task("", total=total)
        self._now = now
        self._began = now()

    def begin(self, path: Path) -> None:
        what = f"timing {shortened(path.stem, LONGEST_NAME)} ... {self.left()}"
        self._bar.update(self._task, completed=self.done, description=what, refresh=True)

    def say(self, line: str) -> None:
        self._bar.console.print(line, markup=False, highlight=False, soft_wrap=True)

    def left(self) -> str:
        """How long the networks that are not done may take, by the pace of those that are."""
        pace = (self._now() - self._began) / self.done if self.done else self._seconds
        return f"about {readable_duration(pace * (self.total - self.done))} left"


def outcome_line(outcome: Outcome, place: str) -> str:
    """What is said when a network is done.

    Args:
        outcome: what came of it.
        place: which of how many it is.
    """
    if isinstance(outcome, Failure):
        return f"blackthorn: {outcome.reason}"
    measured, predicted = readable_time(outcome.measured), readable_time(outcome.predicted)
    return f"{place}: {outcome.model}: {measured} measured, {predicted} predicted, {signed_percent(outcome.error)}"


@contextmanager
def _bar() -> Iterator["Progress"]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    columns = (BarColumn(bar_width=20), MofNCompleteColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), auto_refresh=False, transient=True) as bar:
        yield bar
