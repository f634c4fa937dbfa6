"""Figures on simulated devices: shapes told apart, published and nested formulas recovered."""

from collections.abc import Iterator
from functools import partial
from itertools import product
from multiprocessing import get_context

import numpy as np

from blackthorn.formulas import Constant, Formula, Linear, Step
from blackthorn.records import Range
from tests.bench.tables import Row
from tests.random_formulas import HIGH, KINDS, LOW, random_formula
from tests.simulated_sweeps import adaptive_sweep, simulated

NOISE, OUTLIERS = 0.01, 0.02
LIMIT = 40
"""Most points of a one-dimensional sweep."""
PUBLISHED = Step(
    "filters",
    32,
    Step("channels", 8, Constant(0.1418), Constant(0.0106)),
    Step("channels", 8, Constant(0.044), Constant(0.0121)),
)
"""Lechner and Jantsch, IEEE Access 9, 2021, in ms."""
NESTED = Step(
    "filters",
    16,
    Step("channels", 16, Constant(0.12), Linear("height", Constant(0.002), Constant(0.0009))),
    Step("channels", 16, Constant(0.01), Linear("height", Constant(0.0), Constant(0.0015))),
)
"""A three-dimensional one: steps of filters and channels whose heights grow with the rows, in ms."""
SETTINGS = (("1 % noise", NOISE, OUTLIERS, 1), ("noise-free", 0.0, 0.0, 4))
"""What to call it, noise, share of outliers, and which part of the formulas is tried."""


def is_found(kind: str, noise: float, outliers: float, seed: int) -> bool:
    """Whether an adaptive sweep finds the shape of a random formula."""
    formula, shape = random_formula(kind, seed, NOISE)
    selector = adaptive_sweep(simulated(formula, noise, outliers, seed), {"filters": Range(LOW, HIGH)}, LIMIT)
    return selector.fits()[0].shapes["filters"] == shape


def shapes_found(formulas: int) -> Iterator[Row]:
    """Figure 2: the right kind and the exact width."""
    with get_context("spawn").Pool() as pool:
        for (label, noise, outliers, part), kind in product(SETTINGS, KINDS):
            count = formulas // part
            found = pool.map(partial(is_found, kind, noise, outliers), range(count), chunksize=2)
            share = 100.0 * sum(found) / count
            yield Row("2", f"right shape: {kind}, {label}, {count} formulas", ">= 95 %", f"{share:.1f} %", share >= 95.0)


def coefficients(formula: Formula) -> list[float]:
    """The constants of a formula, depth first."""
    return [node.value for node in formula.walk() if isinstance(node, Constant)]


def recovered(truth: Formula, axes: dict[str, Range], limit: int, seed: int) -> tuple[int, str, float]:
    """Points taken, the formula found, and the largest relative error of a coefficient (infinite where the form differs)."""
    scaled = truth.scaled(1e-3)
    selector = adaptive_sweep(simulated(scaled, 0.02, 0.0, seed), axes, limit)
    found = selector.fits()[0].formula()
    form = [(type(node), getattr(node, "dimension", ""), getattr(node, "width", 0)) for node in found.walk()]
    wanted = [(type(node), getattr(node, "dimension", ""), getattr(node, "width", 0)) for node in scaled.walk()]
    if form != wanted:
        return selector.progress().points, found.text(1e3), float("inf")
    true, seen = np.array(coefficients(scaled)), np.array(coefficients(found))
    errors = np.abs(seen - true) / np.where(true > 0.0, true, 1.0)
    return selector.progress().points, found.text(1e3), 100.0 * float(errors.max())


def formulas_recovered() -> Iterator[Row]:
    """Figure 3: the published two-dimensional formula and a nested three-dimensional one."""
    plane = {"filters": Range(1, 1024), "channels": Range(1, 1024)}
    for seed in range(5):
        points, text, error = recovered(PUBLISHED, plane, 60, seed)
        seen = f"{points} points, {error:.2f} %: {text}"
        yield Row("3", f"published formula, 2 % noise, seed {seed}", "<= 60 points, 3 %", seen, error <= 3.0)
    space = {"filters": Range(1, 512), "channels": Range(1, 512), "height": Range(4, 112)}
    points, text, error = recovered(NESTED, space, 120, 0)
    seen = f"{points} points, {error:.2f} %: {text}"
    yield Row("3", "three-dimensional nested formula, 2 % noise", "<= 120 points, same form", seen, error < float("inf"))
