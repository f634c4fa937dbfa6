"""Classes of layers fitted by several processes at a time: they say nothing of one another, and a device has dozens."""

import logging
import os
import signal
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from multiprocessing import get_context

from blackthorn.fitting.class_formula import fit_class
from blackthorn.fitting.classes import LayerClass
from blackthorn.records import LayerFormula

log = logging.getLogger(__name__)

THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Environment variables by which numpy's libraries are told how many threads to begin."""
FEWEST_POINTS = 400
"""Measurements of all classes together: fewer are fitted before other processes have begun."""


def usable_cpus() -> int:
    """How many CPUs this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fit_by(processes: int, groups: Sequence[LayerClass]) -> list[LayerFormula]:
    """`fit_class` of every class by so many processes at most.

    Where the system has no other processes to give, or ends one, this one does all.
    """
    points = sum(len(group.measurements) for group in groups)
    if min(processes, len(groups)) > 1 and points >= FEWEST_POINTS:
        try:
            return _by_several(min(processes, len(groups)), groups)
        except (BrokenProcessPool, OSError) as error:
            log.warning("fitting goes on in one process: %s", error)
    return [fit_class(group) for group in groups]


def _by_several(processes: int, groups: Sequence[LayerClass]) -> list[LayerFormula]:
    """The formulas, in order; the largest classes are begun first, so that none is left for the end."""
    largest_first = sorted(range(len(groups)), key=lambda place: -len(groups[place].measurements))
    with ProcessPoolExecutor(processes, get_context("spawn"), _end_by_interrupt) as pool:
        fits: dict[int, Future[LayerFormula]] = {}
        try:
            with _interrupts_held_back(), _one_thread_each():
                fits.update((place, pool.submit(fit_class, groups[place])) for place in largest_first)
            return [fits[place].result() for place in range(len(groups))]
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


@contextmanager
def _interrupts_held_back() -> Iterator[None]:
    """Processes that begin meanwhile hear of Ctrl-C when `_end_by_interrupt` lets them, and this one does afterwards."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Libraries of linear algebra take no further threads in processes that begin meanwhile: there is one for every CPU."""
    new = [name for name in THREAD_COUNTS if name not in os.environ]
    os.environ.update(dict.fromkeys(new, "1"))
    try:
        yield
    finally:
        for name in new:
            del os.environ[name]


def _end_by_interrupt() -> None:
    """Let Ctrl-C end this process at once and without a word, unless it is to be ignored: the one that waits for it speaks."""
    if signal.getsignal(signal.SIGINT) is not signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
