"""Which products the formula of a cell needs: stepwise regression (Efroymson 1960), for many cells at once.

From none, the product that shortens the description most is added while there is one; then those that no longer pay are
dropped, and at last another one put in the place of one (Miller, "Subset selection in regression", 2002). What each of these
is worth is told for all at once by least squares, weighted as the fit so far weighs its points (`swept`); the likeliest few
are fitted in full.
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import (
    PRIOR_WEIGHT,
    bounded_weights,
    coefficient_cost,
    fit_relative,
    prior_variance,
    relative_columns,
)
from blackthorn.fitting.swept import Swept, swept

Floats = NDArray[np.float64]
Mask = NDArray[np.bool_]
Whole = NDArray[np.intp]

MOST_TERMS = 12
"""Products in one cell: more than any formula of three dimensions needs."""
LIKELIEST = 2
"""Additions, removals and replacements that are fitted in full: the best is nearly always among them."""
UNPROMISING = 3.0
"""Nats by which a trial may promise to be worse than what is chosen and still be fitted in full: least squares do not tell
what measurements far off are worth once they are explained."""
NUMBERS_AT_ONCE = 2**18
"""Numbers in the columns of cells that are searched together: calls cost little beside them, and caches hold them."""


class Task(NamedTuple):
    """What is known of a cell: its measurements, and every product that its formula may hold.

    Attributes:
        columns: the products at the points, shape (T, n).
        seconds: what was measured, shape (n,).
        weights: how much each measurement counts, shape (n,).
        reported_noise: relative error that the measurements claim.
        total: measurements of the whole problem, for the cost of a coefficient.
        unlikely: nats that each product costs beyond being named, shape (T,).
        bare: which products are nothing over a stretch, as what comes beyond a threshold is: a formula of these alone would say
            that layers take no time, and is never chosen; shape (T,).
    """

    columns: Floats
    seconds: Floats
    weights: Floats
    reported_noise: float
    total: int
    unlikely: Floats
    bare: Mask


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
        search.replace()
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
    """B cells searched together: their columns as arrays, zero where a cell has fewer, and the choices.

    `relative` has shape (B, T, n); the products chosen are `terms[i, : counts[i]]`, and their coefficients stand alike.
    """

    def __init__(self, tasks: Sequence[Task]) -> None:
        count, among, points = len(tasks), max(len(t.columns) for t in tasks), max(len(t.seconds) for t in tasks)
        columns, seconds, present = np.zeros((count, among, points)), np.ones((count, points)), np.zeros((count, points))
        unlikely, bare = np.zeros((count, among)), np.zeros((count, among), dtype=bool)
        for i, task in enumerate(tasks):
            inside = slice(len(task.seconds))
            columns[i, : len(task.columns), inside] = task.columns
            unlikely[i, : len(task.columns)], bare[i, : len(task.columns)] = task.unlikely, task.bare
            seconds[i, inside], present[i, inside] = task.seconds, task.weights
        self.present = present
        self.unlikely, self.bare = unlikely, bare
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
            chosen = self._swept(going, count)
            promise = self._open(going, count, self._nats(going, chosen, chosen.explained_with()))
            likely, possible = _likeliest(promise, self._least(going, chosen, count + 1))
            kept = np.broadcast_to(self.terms[going, None, :count], (*likely.shape, count))
            going = going[self._take_best(going, np.concatenate([kept, likely[:, :, None]], axis=2), possible)]

    def remove(self) -> None:
        """Drop products one by one while that pays."""
        stopped = np.zeros(len(self.counts), dtype=bool)
        for count in range(int(self.counts.max()), 1, -1):
            going = np.flatnonzero(~stopped & (self.counts == count))
            if len(going):
                chosen = self._swept(going, count)
                worth = self.unlikely[going[:, None], self.terms[going, :count]]
                promise = self._nats(going, chosen, chosen.explained_without()) + worth
                likely, possible = _likeliest(promise, self._least(going, chosen, count - 1))
                kept = _others(count)[likely]
                stopped[going[~self._take_best(going, self.terms[going[:, None, None], kept], possible)]] = True

    def replace(self) -> None:
        """Put another product in the place of one that was chosen, once, where that pays."""
        for count in range(1, int(self.counts.max()) + 1):
            going = np.flatnonzero((self.counts == count) & (self.among > count))
            if len(going):
                chosen = self._swept(going, count)
                worth = self.unlikely[going[:, None], self.terms[going, :count]]
                promise = [
                    self._open(going, count, self._nats(going, chosen, chosen.explained_instead(place))) + worth[:, [place]]
                    for place in range(count)
                ]
                likely, possible = _likeliest(np.concatenate(promise, axis=1), self._least(going, chosen, count))
                place, new = np.divmod(likely, self.relative.shape[1])
                kept = self.terms[going[:, None, None], _others(count)[place]]
                self._take_best(going, np.concatenate([kept, new[:, :, None]], axis=2), possible)

    def _take_best(self, cells: Whole, trials: Whole, possible: Mask) -> Mask:
        """Choose for every cell the cheapest trial, where it is cheaper than what was chosen; whether it was.

        Args:
            cells: which, shape (a,).
            trials: products for each of them, shape (a, k, p).
            possible: which of the trials are any, shape (a, k).
        """
        if not possible.any():
            return np.zeros(len(cells), dtype=bool)
        count = trials.shape[2]
        each = np.repeat(cells, possible.sum(axis=1))
        fits = fit_relative(
            self.relative[each[:, None], trials[possible]],
            self.target[each],
            self.present[each],
            self.noise_told[each],
            self.total[each],
        )
        takes_time = ((fits.coefficients > 0.0) & ~self.bare[each[:, None], trials[possible]]).any(axis=1)
        cost = _spread(np.where(takes_time, fits.cost, np.inf), possible, np.inf) + self._naming(cells, count)[:, None]
        cost += self._against(cells, trials)
        best, rows = cost.argmin(axis=1), np.arange(len(cells))
        better: Mask = cost[rows, best] < self.cost[cells]
        taken, fit = cells[better], (np.cumsum(possible).reshape(possible.shape)[rows, best] - 1)[better]
        self.counts[taken], self.cost[taken], self.noise[taken] = count, cost[rows, best][better], fits.noise[fit]
        self.terms[taken, :count], self.coefficients[taken, :count] = trials[rows, best][better], fits.coefficients[fit]
        return better

    def _against(self, cells: Whole, trials: Whole) -> Floats:
        """Nats against each trial beforehand; shapes as above."""
        against: Floats = self.unlikely[cells[:, None, None], trials].sum(axis=2)
        return against

    def _swept(self, cells: Whole, count: int) -> Swept:
        """Least squares by what is chosen in cells, `count` products in each."""
        return swept(self.relative[cells], self.target[cells], self._weights(cells), self.terms[cells, :count])

    def _nats(self, cells: Whole, chosen: Swept, explained: Floats) -> Floats:
        """What explaining so much of the squares is worth, shape (cells, k), but for what all have in common."""
        prior = PRIOR_WEIGHT * prior_variance(self.noise_told[cells])
        rest = np.maximum(chosen.squares[:, None] - explained, 0.0) + np.reshape(prior, (-1, 1))
        nats: Floats = -0.5 * chosen.points[:, None] * np.log(rest)
        return nats

    def _least(self, cells: Whole, chosen: Swept, count: int) -> Floats:
        """What trials of so many products must promise, at least, to be worth a fit in full, shape (cells,)."""
        before = chosen.coefficients.shape[1]
        if not before:
            return np.full(len(cells), -np.inf)
        naming = self._naming(cells, count) - self._naming(cells, before)
        costs = naming + (count - before) * coefficient_cost(self.total[cells])
        least: Floats = self._nats(cells, chosen, chosen.explained[:, None])[:, 0] + costs - UNPROMISING
        return least

    def _naming(self, cells: Whole, count: int) -> Floats:
        """Nats it takes to say which products were chosen, so many of each cell's, shape (cells,)."""
        return np.array([choice_cost(count, among) for among in self.among[cells].tolist()])

    def _open(self, cells: Whole, count: int, nats: Floats) -> Floats:
        """What each product promises, shape (cells, T), by the nats that it is worth: nothing where it is chosen already."""
        promise = nats - self.unlikely[cells]
        promise[np.arange(nats.shape[1]) >= self.among[cells, None]] = -np.inf
        promise[np.arange(len(cells))[:, None], self.terms[cells, :count]] = -np.inf
        if not count:
            promise[self.bare[cells]] = -np.inf
        return promise

    def _weights(self, cells: Whole) -> Floats:
        """How much the points of cells count by what is chosen, those far off a little, too, shape (cells, n)."""
        count = int(self.counts[cells[0]])
        if not count:
            return self.present[cells]
        chosen = self.relative[cells[:, None], self.terms[cells, :count]]
        rest = self.target[cells] - (self.coefficients[cells, None, :count] @ chosen)[:, 0, :]
        return bounded_weights(rest, self.noise[cells, None] ** 2, self.present[cells])


def _others(count: int) -> Whole:
    """For every place, all other places, shape (count, count - 1)."""
    return np.array([[j for j in range(count) if j != i] for i in range(count)], dtype=np.intp).reshape(count, count - 1)


def _likeliest(promise: Floats, least: Floats) -> tuple[Whole, Mask]:
    """The few that promise most in every row, in order of number, and which of them promise more than the row's `least`."""
    likely = np.sort(np.argsort(-promise, axis=1, kind="stable")[:, :LIKELIEST], axis=1)
    return likely, np.take_along_axis(promise, likely, 1) > least[:, None]


def _spread(values: Floats, places: Mask, elsewhere: float) -> Floats:
    """Values in their places, shape (a, k), and one number elsewhere."""
    found = np.full(places.shape, elsewhere)
    found[places] = values
    return found
