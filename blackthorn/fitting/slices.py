"""One dimension: which shapes explain the measurements along a line, and how well each does.

Every width up to the search's limit is tried, alone and on a slope; then every alignment and every threshold that parts the
measurements, each part explained by a shape of its own. All are compared by description length (`evidence`).
"""

import math
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import pairwise

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.fitting.evidence import SMALLEST, coefficient_cost, fit_candidates, misfit_of, sharpness
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Shape, Split, leaves, regimes, split_leaf
from blackthorn.formulas import AtMost, Condition, DivisibleBy, Tiling
from blackthorn.formulas.step import steps_climbed

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]
Mask = NDArray[np.bool_]
Masks = NDArray[np.bool_]

KEPT = 48
"""Explanations that are kept for the choice of the next point: those far behind have no say."""
LARGEST_WIDTH = 1024
"""Widest step looked for along a dimension: no device does more of anything at once."""
LARGEST_DIVISOR = 64
"""Largest alignment looked for: vector registers and tensor cores are not wider, in elements."""
WIDEST_TILE = 16
"""Widest tile looked for: kernels keep a tile in registers, of which there are 16 or 32."""
TILING_ALTERNATIVES = 100
"""Tilings that can be told apart along a dimension, about."""
FEWEST_IN_REGIME = 2
DEEPEST = 2
"""Switches within switches: an aligned regime, within the others a second alignment or a threshold."""
KNOT_ALTERNATIVES = 16
"""Knots that can be told apart: one an octave, about."""
NODE_COST = 2.0 * math.log(2.0)
"""Nats for every node of a formula beyond a constant: two bits, to name one of four kinds."""
KEPT_SIDES = 4
HINTS = 3
THRESHOLDS_IN_GAP = 3
MOST_GAPS = 32
"""Gaps that are searched for a threshold: all of them in any adaptive sweep."""
WORTH_REFINING = 4.0
"""Nats by which a switch may trail the best explanation without one and still be looked at closely."""
BLOCK_SHARE = 0.5
"""Prior probability that a block of hardware is a power of two; the other half is spread evenly over all widths."""


class Explanation(msgspec.Struct, frozen=True):
    """A shape with coefficients for each of its leaves, and its description length in nats."""

    shape: Shape
    coefficients: tuple[tuple[float, ...], ...]
    noise: float
    cost: float

    def predict(self, x: Floats) -> Floats:
        """Seconds at x."""
        seconds = np.empty_like(x)
        for leaf, mask, values in zip(leaves(self.shape), regimes(self.shape, x), self.coefficients, strict=True):
            seconds[mask] = np.asarray(values) @ leaf.columns(x[mask])
        return seconds


class Search(msgspec.Struct, frozen=True):
    """What is looked for along one dimension: values from `low` to `high`, a multiple of `step` apart."""

    low: int
    high: int
    step: int = 1

    def widths(self) -> NDArray[np.int64]:
        """Every width that shows at least two levels inside the range, and is wider than the range's own step."""
        return np.arange(max(2, self.step + 1), min(LARGEST_WIDTH, max(2, self.high - self.low)) + 1)

    def divisors(self) -> Iterator[int]:
        """Every alignment that parts the range's values."""
        largest = min(LARGEST_DIVISOR, (self.high - self.low) // 2)
        return (n for n in range(2, largest + 1) if self.step % n)


def block_cost(width: int | NDArray[np.int64], alternatives: int) -> Floats:
    """Nats it takes to name a width or divisor out of `alternatives`, powers of two being likelier."""
    width = np.asarray(width)
    power = (width & (width - 1)) == 0
    powers = max(1.0, np.log2(alternatives))
    return -np.log((1.0 - BLOCK_SHARE) / alternatives + np.where(power, BLOCK_SHARE / powers, 0.0))


@lru_cache(maxsize=4096)
def naming_cost(shape: Shape, alternatives: int = 1024) -> float:
    """Nats it takes to name a shape: its nodes, widths, divisors and thresholds."""
    if isinstance(shape, Split):
        condition = condition_cost(shape.condition, alternatives)
        return condition + naming_cost(shape.then, alternatives) + naming_cost(shape.otherwise, alternatives)
    stairs = sum(NODE_COST + float(block_cost(width, alternatives)) for width in shape.widths)
    stairs += len(shape.bends()) * (NODE_COST + math.log(KNOT_ALTERNATIVES))
    stairs += NODE_COST * (shape.offset > 0.0 or shape.border is not None) + NODE_COST * shape.climbs
    return (
        stairs + NODE_COST * shape.linear + (0.0 if shape.tiling is None else 2.0 * NODE_COST + math.log(TILING_ALTERNATIVES))
    )


def condition_cost(condition: Condition, alternatives: int = 1024) -> float:
    """Nats it takes to name a condition."""
    if isinstance(condition, DivisibleBy):
        return NODE_COST + float(block_cost(condition.divisor, LARGEST_DIVISOR))
    return NODE_COST + math.log(alternatives)


@lru_cache(maxsize=64)
def tilings(offset: int) -> tuple[Tiling, ...]:
    """Every tiling from an offset on that is looked for: all pieces that whole tiles are made of."""
    widths = range(2, WIDEST_TILE + 1)
    return tuple(Tiling(width, offset, piece) for width in widths for piece in range(1, width // 2 + 1) if width % piece == 0)


def distinct_stairs(x: Floats, widths: Whole) -> tuple[Floats, Whole]:
    """Stairs at x that differ, and which of them each width climbs: wide ones often climb alike at the few x of a slice.

    Args:
        x: shape (n,).
        widths: rising, shape (W,).

    Returns:
        Shapes (D, n) and (W,).
    """
    stairs = steps_climbed(x, widths[:, None])
    differs = (np.diff(stairs, axis=0, prepend=-1.0) != 0.0).any(axis=1)  # the wider, the lower: those alike are neighbours
    return stairs[differs], np.cumsum(differs) - 1


@lru_cache(maxsize=64)
def explain(
    x: tuple[float, ...], seconds: tuple[float, ...], weights: tuple[float, ...], reported_noise: float, search: Search
) -> tuple[Explanation, ...]:
    """The likeliest explanations of one slice, best first, at most `KEPT`.

    Remembered, since the choice of a point asks for the same slice again while points are taken elsewhere.

    Args:
        x: values of the dimension, at least one.
        seconds: what was measured there.
        weights: how much each measurement counts, at most 1.
        reported_noise: relative error that the measurements claim.
        search: the range and what is looked for in it.
    """
    slice_ = _Slice(np.array(x), np.array(seconds), np.array(weights), reported_noise, search)
    everywhere = np.ones((1, len(x)), dtype=bool)
    found = slice_.leaf_explanations(everywhere, search.widths(), KEPT)[0]
    found += slice_.split_explanations(everywhere[0], DEEPEST, found)
    found += slice_.scaled_regimes(min(found, key=_cost))
    return tuple(sorted(found, key=_cost)[:KEPT])


def _cost(explanation: Explanation) -> float:
    return explanation.cost


class _Slice(msgspec.Struct, frozen=True):
    """The measurements of one slice and the search through their explanations."""

    x: Floats
    seconds: Floats
    weights: Floats
    reported_noise: float
    search: Search

    def leaf_explanations(self, masks: Masks, widths: Whole, kept: int) -> list[list[Explanation]]:
        """For each mask (shape (M, n)), the explanations without a switch of the measurements in it, best first."""
        alternatives = max(2, self.search.high - self.search.low)
        found: list[list[Explanation]] = [[] for _ in masks]
        stairs, which = distinct_stairs(self.x, widths)
        for base in (CONSTANT, LINE):
            columns, nodes = base.columns(self.x), NODE_COST * base.linear
            self._fit(found, masks, kept, base, (), columns[None], np.zeros(1, dtype=np.intp), np.full(1, nodes))
            if len(widths):
                designs = np.concatenate([np.repeat(columns[None], len(stairs), axis=0), stairs[:, None, :]], axis=1)
                naming = block_cost(widths, alternatives) + NODE_COST + nodes
                self._fit(found, masks, kept, base, widths, designs, which, naming)
        return [sorted(explanations, key=_cost)[:kept] for explanations in found]

    def _fit(
        self,
        found: list[list[Explanation]],
        masks: Masks,
        kept: int,
        base: Leaf,
        widths: Sequence[int] | Whole,
        designs: Floats,
        which: Whole,
        naming: Floats,
    ) -> None:
        """Fit the base with stairs of each width, alone where there are none, to every mask; add the best to what was found.

        `designs` has shape (designs, terms, n); that of width i is number `which[i]`.
        """
        present = np.repeat(masks * self.weights, len(designs), axis=0)
        every = np.tile(designs, (len(masks), 1, 1))
        fits = fit_candidates(every, self.seconds, present, self.reported_noise, len(self.x))
        cost = fits.cost.reshape(len(masks), len(designs))[:, which] + naming
        for row, explanations in enumerate(found):
            for i in np.argsort(cost[row])[:kept].tolist():
                if np.isfinite(cost[row, i]):
                    one = row * len(designs) + which[i]
                    values = tuple(fits.coefficients[one].tolist())
                    shape = Leaf((int(widths[i]),), base.linear) if len(widths) else base
                    explanations.append(Explanation(shape, (values,), float(fits.noise[one]), float(cost[row, i])))

    def split_explanations(self, mask: Mask, depth: int, whole: Sequence[Explanation]) -> list[Explanation]:
        """Explanations with a switch of the measurements in `mask`, `whole` being those without."""
        conditions = list(self._conditions(mask)) if depth else []
        if not conditions:
            return []
        holds = np.array([condition.holds(self.x) for condition, _ in conditions])
        masks, place = np.unique(np.concatenate([mask & holds, mask & ~holds]), axis=0, return_inverse=True)
        best = self.leaf_explanations(masks, self._coarse_widths(whole), 1)
        sides = [best[i][0] if best[i] else None for i in place.ravel()]
        found = [
            _join(condition, cost, then, otherwise)
            for (condition, cost), then, otherwise in zip(conditions, sides[: len(holds)], sides[len(holds) :], strict=True)
            if then and otherwise
        ]
        found.sort(key=_cost)
        if found and found[0].cost < whole[0].cost + WORTH_REFINING:
            found[:1] = self._refine(found[0], mask, depth)
        return sorted(found, key=_cost)[:KEPT]

    def _refine(self, split: Explanation, mask: Mask, depth: int) -> list[Explanation]:
        """The best split again, its sides explained with every width, and with switches of their own."""
        assert isinstance(split.shape, Split)
        condition = split.shape.condition
        holds = condition.holds(self.x)
        sides = []
        for part in (mask & holds, mask & ~holds):
            found = self.leaf_explanations(part[None], self.search.widths(), KEPT_SIDES)[0]
            found += self.split_explanations(part, depth - 1, found)
            sides.append(sorted(found, key=_cost)[:KEPT_SIDES])
        cost = self._condition_cost(condition)
        return [_join(condition, cost, then, otherwise) for then in sides[0] for otherwise in sides[1]]

    def scaled_regimes(self, best: Explanation) -> list[Explanation]:
        """The best explanation, but within one of its regimes all faster or slower where a condition holds.

        One point that is off is either worthless or the first of a regime; these are the regimes that it could belong to,
        so that the next point can tell.
        """
        conditions: list[Condition] = [DivisibleBy(n) for n in self.search.divisors()]
        for below, above in self._gaps(self.x):
            conditions += [AtMost(int(t)) for t in np.unique(np.geomspace(below, above - 1, THRESHOLDS_IN_GAP).astype(int))]
        predicted = best.predict(self.x)
        ratios = self.seconds / np.maximum(predicted, SMALLEST)
        before = self._misfit_at(ratios, best.noise)
        found = [
            self._scaled(best, place, inside, condition, ratios, before)
            for place, inside in enumerate(regimes(best.shape, self.x))
            if (predicted[inside] > 0.0).all()  # else it has no pace that could be another one
            for condition in conditions
        ]
        return sorted((explanation for explanation in found if explanation), key=_cost)[:KEPT]

    def _scaled(
        self, best: Explanation, place: int, inside: Mask, condition: Condition, ratios: Floats, before: float
    ) -> Explanation | None:
        holds = condition.holds(self.x) & inside
        if not 0 < np.count_nonzero(holds) < np.count_nonzero(inside):
            return None
        ratio = float(np.median(ratios[holds]))
        gain = before - self._misfit_at(np.where(holds, ratios / ratio, ratios), best.noise)
        cost = best.cost - gain + self._condition_cost(condition) + float(coefficient_cost(len(ratios)))
        own = best.coefficients[place]
        coefficients = (*best.coefficients[:place], tuple(ratio * value for value in own), own, *best.coefficients[place + 1 :])
        return Explanation(split_leaf(best.shape, place, condition), coefficients, best.noise, cost)

    def _misfit_at(self, ratios: Floats, noise: float) -> float:
        """Nats of measurements that are `ratios` times what is predicted, shape (n,)."""
        residuals = sharpness(self.seconds) * (1.0 - 1.0 / ratios)
        return float(misfit_of(residuals, np.array([noise**2]), self.weights))

    def _coarse_widths(self, whole: Sequence[Explanation]) -> Whole:
        """Powers of two, and the widths that explain the whole best: enough to judge a switch by."""
        hinted = {width for found in whole[:HINTS] if isinstance(found.shape, Leaf) for width in found.shape.widths}
        allowed = self.search.widths()
        powers = {2**n for n in range(1, 9)}
        return np.array(sorted(w for w in powers | hinted if len(allowed) and allowed[0] <= w <= allowed[-1]), dtype=np.int64)

    def _conditions(self, mask: Mask) -> Iterator[tuple[Condition, float]]:
        """Every condition that leaves measurements on both sides, with the nats it takes to name it."""
        candidates: list[Condition] = [DivisibleBy(n) for n in self.search.divisors()]
        for below, above in self._gaps(self.x[mask]):
            candidates += [AtMost(t) for t in sorted({int(below), int(below + above) // 2, int(above) - 1})]
        for condition in candidates:
            count = int((condition.holds(self.x) & mask).sum())
            if FEWEST_IN_REGIME <= count <= mask.sum() - FEWEST_IN_REGIME:
                yield condition, self._condition_cost(condition)

    def _gaps(self, x: Floats) -> list[tuple[float, float]]:
        """The gaps between neighbouring values in which a threshold may lie, thinned evenly where there are many."""
        gaps = list(pairwise(np.unique(x).tolist()))
        chosen = np.unique(np.linspace(0, len(gaps) - 1, min(len(gaps), MOST_GAPS)).astype(int))
        return [gaps[i] for i in chosen]

    def _condition_cost(self, condition: Condition) -> float:
        """Nats it takes to name a condition: of a threshold only the gap that it lies in, the wider the likelier.

        Widths of gaps are ratios: caches are as likely to end between 1 and 2 MB as between 2 and 4.
        """
        if isinstance(condition, DivisibleBy):
            return condition_cost(condition, max(2, self.search.high - self.search.low))
        below, above = self.x[self.x <= condition.threshold].max(), self.x[self.x > condition.threshold].min()
        return NODE_COST - math.log(math.log(above / below) / math.log(self.x.max() / self.x.min()))


def _join(condition: Condition, cost: float, then: Explanation, otherwise: Explanation) -> Explanation:
    """Two explanations and the condition between them as one."""
    return Explanation(
        Split(condition, then.shape, otherwise.shape),
        then.coefficients + otherwise.coefficients,
        max(then.noise, otherwise.noise),
        then.cost + otherwise.cost + cost,
    )
