"""Work that does not hang together, shared out among the CPUs that this process may use."""

import logging
import os
import signal
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import get_context
from typing import TypeVar

log = logging.getLogger(__name__)

Given = TypeVar("Given")
Made = TypeVar("Made")


def shared_out(make: Callable[[Given], Made], things: Sequence[Given]) -> list[Made]:
    """What `make` makes of each thing, in their order; in this process alone where it may use one CPU, or has no others.

    Args:
        make: a function of a module, whose results do not depend on where it runs.
        things: what can be sent to another process.
    """
    count = min(usable_cpus(), len(things))
    if count > 1:
        try:
            return _in_processes(make, things, count)
        except (OSError, NotImplementedError, BrokenProcessPool) as error:  # no semaphores, no memory for another process
            log.info("working in one process: %s", error)
    return list(map(make, things))


def _in_processes(make: Callable[[Given], Made], things: Sequence[Given], count: int) -> list[Made]:
    pool = ProcessPoolExecutor(count, get_context("spawn"), _leave_interrupts_to_the_first)
    try:
        return list(pool.map(make, things))
    finally:
        pool.shutdown(cancel_futures=True)


def _leave_interrupts_to_the_first() -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def usable_cpus() -> int:
    """How many CPUs this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
