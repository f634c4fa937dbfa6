"""Classes of layers fitted by several processes at a time: they say nothing of one another, and a device has dozens.

Every process takes a batch of small classes, or one large one. Batches are the same however many processes there are, so that
formulas are, too, to the last digit.
"""

import logging
import os
import signal
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from itertools import chain
from multiprocessing import get_context

from blackthorn.fitting.class_formula import fit_classes
from blackthorn.fitting.classes import LayerClass
from blackthorn.records import LayerFormula

log = logging.getLogger(__name__)

THREAD_COUNTS = ("OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OMP_NUM_THREADS")
"""Environment variables by which numpy's libraries are told how many threads to begin."""
FEWEST_POINTS = 400
"""Measurements of all classes together: fewer are fitted before other processes have begun."""
POINTS_AT_ONCE = 200
"""Measurements in a batch: with more, calls take no less time for each, and CPUs wait for the last batch."""


def usable_cpus() -> int:
    """How many CPUs this process may run on."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def fit_by(processes: int, groups: Sequence[LayerClass]) -> list[LayerFormula]:
    """`fit_class` of every class by so many processes at most; the largest are begun first, so that none is left for the end.

    Where the system has no other processes to give, or ends one, this one does all.
    """
    largest_first = sorted(range(len(groups)), key=lambda place: -len(groups[place].measurements))
    fitted = _fitted(processes, list(_batches([groups[place] for place in largest_first])))
    found = dict(zip(largest_first, chain.from_iterable(fitted), strict=True))
    return [found[place] for place in range(len(groups))]


def _batches(groups: Iterable[LayerClass]) -> Iterator[list[LayerClass]]:
    """Classes in turn, as many together as have `POINTS_AT_ONCE`, and at least one."""
    batch: list[LayerClass] = []
    for group in groups:
        if batch and _points([*batch, group]) > POINTS_AT_ONCE:
            yield batch
            batch = []
        batch.append(group)
    if batch:
        yield batch


def _points(groups: Iterable[LayerClass]) -> int:
    return sum(len(group.measurements) for group in groups)


def _fitted(processes: int, batches: Sequence[Sequence[LayerClass]]) -> list[list[LayerFormula]]:
    """The formulas of each batch."""
    several = min(processes, len(batches))
    if several > 1 and sum(map(_points, batches)) >= FEWEST_POINTS:
        try:
            return _by_several(several, batches)
        except (BrokenProcessPool, OSError) as error:
            log.warning("fitting goes on in one process: %s", error)
    return [fit_classes(batch) for batch in batches]


def _by_several(processes: int, batches: Sequence[Sequence[LayerClass]]) -> list[list[LayerFormula]]:
    with ProcessPoolExecutor(processes, get_context("spawn"), _end_by_interrupt) as pool:
        try:
            with _interrupts_held_back(), _one_thread_each():
                fits = [pool.submit(fit_classes, batch) for batch in batches]
            return [fit.result() for fit in fits]
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
