"""What a command is busy with, told on standard error where somebody looks on."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from blackthorn.cli.terminal import is_watched

Tell = Callable[[str], None]
"""Says what the command is busy with now."""


@contextmanager
def spinner(first: str) -> Iterator[Tell]:
    """Show that the command is busy, with what, and that it has not hung; nothing of it stays on the screen.

    Args:
        first: what it begins with.
    """
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn

    columns = (SpinnerColumn(), TextColumn("{task.description}", markup=False))
    with Progress(*columns, console=Console(stderr=True), transient=True, disable=not is_watched()) as bar:
        task = bar.add_task(first, total=None)
        yield lambda text: bar.update(task, description=text)
