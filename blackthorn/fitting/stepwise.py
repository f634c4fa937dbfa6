"""Which products the formula of a cell needs: stepwise regression (Efroymson 1960), for many cells at once.

From none, the product that shortens the description most is added while there is one; then those that no longer pay are
dropped. What each addition or removal is worth is told for all of them at once by least squares, weighted as the fit so far
weighs its points; the likeliest few are fitted in full.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import SMALLEST, fit_relative, relative_columns, trust

Floats = NDArray[np.float64]
Whole = NDArray[np.intp]

MOST_TERMS = 12
"""Products in one cell: more than any formula of three dimensions needs."""
LIKELIEST = 8
"""Additions and removals that are fitted in full."""
NUMBERS_AT_ONCE = 2**17
"""Numbers in the columns of cells that are searched together: a call of numpy costs little beside them, and caches hold them."""
RIDGE = 1e-10
"""Relative to the largest diagonal element of a system: keeps it solvable where columns are alike."""
ALIKE = 1e-8
"""Share of a column's square that must be its own: below, it is a sum of others."""


class Task(NamedTuple):
    """What is known of a cell: its measurements, and every product that its formula may hold.

    Attributes:
        columns: the products at the points, shape (T, n).
        seconds: what was measured, shape (n,).
        weights: how much each measurement counts, shape (n,).
        reported_noise: relative error that the measurements claim.
        total: measurements of the whole problem, for the cost of a coefficient.
    """

    columns: Floats
    seconds: Floats
    weights: Floats
    reported_noise: float
    total: int


class Choice(NamedTuple):
    """The products chosen, by number, with their coefficients; noise and cost as of `evidence.Candidates`."""

    terms: tuple[int, ...]
    coefficients: tuple[float, ...]
    noise: float
    cost: float


def choose(tasks: Sequence[Task]) -> list[Choice]:
    """The products that every cell needs."""
    order = sorted(range(len(tasks)), key=lambda i: tasks[i].columns.shape[::-1])
    found: dict[int, Choice] = {}
    for together in _batches([tasks[i].columns.size for i in order]):
        chosen = order[together]
        search = _Search([tasks[i] for i in chosen])
        search.add()
        search.remove()
        found.update(zip(chosen, search.choices(), strict=True))
    return [found[i] for i in range(len(tasks))]


def _batches(sizes: Sequence[int]) -> Iterator[slice]:
    """Cells, smallest first, parted so that no part takes more than `NUMBERS_AT_ONCE` once all are as large as its last."""
    start = 0
    for end in range(1, len(sizes) + 1):
        if end == len(sizes) or (end + 1 - start) * sizes[end] > NUMBERS_AT_ONCE:
            yield slice(start, end)
            start = end


@lru_cache(maxsize=1024)
def choice_cost(chosen: int, among: int) -> float:
    """Nats it takes to say which products were chosen: first how many, then which set of that many."""
    return math.log(among) + math.log(math.comb(among, chosen))


class _Search:
    """B cells searched together: their columns as arrays, with nothing in the places that a cell does not fill, and the choices.

    `relative` has shape (B, T, n); the products chosen are `terms[i, : counts[i]]`, their coefficients stand at the same places.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        count, among, points = len(tasks), max(len(t.columns) for t in tasks), max(len(t.seconds) for t in tasks)
        columns, seconds, present = np.zeros((count, among, points)), np.ones((count, points)), np.zeros((count, points))
        for i, task in enumerate(tasks):
            inside = slice(len(task.seconds))
            columns[i, : len(task.columns), inside] = task.columns
            seconds[i, inside], present[i, inside] = task.seconds, task.weights
        self.present = present
        self.relative, self.target, self.scale = relative_columns(columns, seconds, present)
        self.noise_told = np.array([task.reported_noise for task in tasks])
        self.total = np.array([task.total for task in tasks])
        self.among = np.array([len(task.columns) for task in tasks])
        self.most = np.minimum(self.among, [min(MOST_TERMS, len(task.seconds)) for task in tasks])
        self.counts = np.zeros(count, dtype=np.intp)
        self.terms = np.zeros((count, MOST_TERMS), dtype=np.intp)
        self.coefficients = np.zeros((count, MOST_TERMS))
        self.noise = np.ones(count)
        self.cost = np.full(count, np.inf)

    def choices(self) -> list[Choice]:
        """What was chosen, for every cell."""
        found = []
        for i, count in enumerate(self.counts.tolist()):
            terms = self.terms[i, :count]
            values = self.coefficients[i, :count] / self.scale[i, terms]
            found.append(Choice(tuple(terms.tolist()), tuple(values.tolist()), float(self.noise[i]), float(self.cost[i])))
        return found

    def add(self) -> None:
        """Add products one by one while they pay."""
        going = np.arange(len(self.counts))
        for count in range(MOST_TERMS):
            going = going[self.most[going] > count]
            if not len(going):
                break
            worth = self._worth_of_adding(going, count)
            likely = _largest(worth, LIKELIEST if count else worth.shape[1])
            kept = np.repeat(self.terms[going, None, :count], likely.shape[1], axis=1)
            possible = np.take_along_axis(worth, likely, axis=1) >= 0.0
            going = going[self._take_best(going, np.concatenate([kept, likely[:, :, None]], axis=2), possible)]

    def remove(self) -> None:
        """Drop products one by one while that pays."""
        stopped = np.zeros(len(self.counts), dtype=bool)
        for count in range(int(self.counts.max()), 1, -1):
            going = np.flatnonzero(~stopped & (self.counts == count))
            if len(going):
                likely = _largest(-self._loss_by_removing(going, count), LIKELIEST)
                others = np.array([[j for j in range(count) if j != i] for i in range(count)])
                trials = self.terms[going[:, None, None], others[likely]]
                stopped[going[~self._take_best(going, trials, np.ones(likely.shape, dtype=bool))]] = True

    def _take_best(self, cells: Whole, trials: Whole, possible: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Fit trials, shape (cells, trials, p), in full, and choose the cheapest where it is cheaper than what was chosen."""
        among, count = trials.shape[1:]
        each = np.repeat(cells, among)
        fits = fit_relative(
            self.relative[each[:, None], trials.reshape(-1, count)],
            self.target[each],
            self.present[each],
            self.noise_told[each],
            self.total[each],
        )
        naming = np.array([choice_cost(count, int(all_)) for all_ in self.among[cells]])
        cost = np.where(possible, fits.cost.reshape(-1, among), np.inf) + naming[:, None]
        best, rows = cost.argmin(axis=1), np.arange(len(cells))
        better: NDArray[np.bool_] = cost[rows, best] < self.cost[cells]
        taken, fit = cells[better], (rows * among + best)[better]
        self.counts[taken], self.cost[taken], self.noise[taken] = count, cost[rows, best][better], fits.noise[fit]
        self.terms[taken, :count], self.coefficients[taken, :count] = trials[rows, best][better], fits.coefficients[fit]
        return better

    def _weighed(self, cells: Whole, count: int) -> tuple[Floats, Floats, Floats]:
        """What cells with `count` products have chosen, (cells, count, n), what that leaves, and how much points count."""
        chosen = self.relative[cells[:, None], self.terms[cells, :count]]
        coefficients = self.coefficients[cells, :count]
        rest = self.target[cells] - (coefficients[:, None, :] @ chosen)[:, 0, :]
        weights = trust(rest**2, self.noise[cells, None] ** 2, self.present[cells]) if count else self.present[cells]
        return chosen * (coefficients > 0.0)[:, :, None], rest, weights

    def _worth_of_adding(self, cells: Whole, count: int) -> Floats:
        """By how much each product would lessen the weighted squares that are left, shape (cells, T); -1 where it is chosen."""
        chosen, rest, weights = self._weighed(cells, count)
        columns = self.relative[cells]
        weighted = columns * weights[:, None, :]
        across, slope = weighted @ chosen.transpose(0, 2, 1), (weighted @ rest[:, :, None])[:, :, 0]
        own = np.einsum("btn,btn->bt", weighted, columns)
        beyond = own.copy()
        if count:
            normal = _solvable((chosen * weights[:, None, :]) @ chosen.transpose(0, 2, 1))
            shared = np.linalg.solve(normal, across.transpose(0, 2, 1))
            beyond -= np.einsum("btp,bpt->bt", across, shared)
            slope -= (((chosen * weights[:, None, :]) @ rest[:, :, None])[:, :, 0][:, None, :] @ shared)[:, 0, :]
        worth: Floats = np.where(beyond > ALIKE * own, np.maximum(slope, 0.0) ** 2 / np.maximum(beyond, ALIKE * own + SMALLEST), 0.0)
        worth[np.arange(worth.shape[1]) >= self.among[cells, None]] = -1.0
        np.put_along_axis(worth, self.terms[cells, :count], -1.0, axis=1)
        return worth

    def _loss_by_removing(self, cells: Whole, count: int) -> Floats:
        """By how much the weighted squares would grow without each of the products chosen, shape (cells, count)."""
        chosen, _, weights = self._weighed(cells, count)
        normal = _solvable((chosen * weights[:, None, :]) @ chosen.transpose(0, 2, 1))
        loss: Floats = self.coefficients[cells, :count] ** 2 / np.einsum("bpp->bp", np.linalg.inv(normal))
        return loss


def _solvable(normal: Floats) -> Floats:
    """Normal equations, shape (B, p, p), with a ridge; changed in place."""
    diagonal = np.einsum("bpp->bp", normal)
    diagonal += RIDGE * diagonal.max(axis=1, keepdims=True)
    return normal


def _largest(worth: Floats, most: int) -> Whole:
    """The numbers of the largest in every row, in rising order."""
    return np.sort(np.argsort(-worth, axis=1, kind="stable")[:, :most], axis=1)
