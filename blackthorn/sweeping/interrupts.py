"""Ctrl-C that lets the point in hand be finished."""

import signal
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TypeVar

Thing = TypeVar("Thing")


@contextmanager
def interrupt_noticed() -> Iterator[Callable[[], bool]]:
    """Turns the first Ctrl-C into a flag; a second one raises KeyboardInterrupt where it strikes.

    Outside the main thread, where Python has no signals, and where interrupts are ignored, nothing changes.

    Yields:
        Whether Ctrl-C was pressed.
    """
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or before in (None, signal.SIG_IGN):
        yield lambda: False
        return
    pressed = threading.Event()

    def notice(*_: object) -> None:
        pressed.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    signal.signal(signal.SIGINT, notice)
    try:
        yield pressed.is_set
    finally:
        signal.signal(signal.SIGINT, before)


def until(interrupted: Callable[[], bool], things: Iterable[Thing]) -> Iterator[Thing]:
    """The things one after another, as long as there was no interrupt."""
    for thing in things:
        if interrupted():
            return
        yield thing
