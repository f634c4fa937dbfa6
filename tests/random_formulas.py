"""Random formulas of one dimension with a known shape, for judging whether the shape is found again."""

import numpy as np

from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf, Shape, Split
from blackthorn.formulas import Constant, DivisibleBy, Formula, Linear, Step, Switch

KINDS = ("constant", "linear", "step", "step with slope", "alignment switch")
LOW, HIGH = 1, 1024
VISIBLE = 4.0
"""Every feature stands out by at least this many noises somewhere in the range."""
DIVISORS = (2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 48, 64)


def random_formula(kind: str, seed: int, noise: float, dimension: str = "filters") -> tuple[Formula, Shape]:
    """A formula of that kind along the dimension from 1 to 1024, in seconds, and its shape."""
    rng = np.random.default_rng([KINDS.index(kind), seed])
    base = 10.0 ** rng.uniform(-4, -2)
    if kind == "constant":
        return Constant(base), CONSTANT
    if kind == "linear":
        slope = base * max(10.0 ** rng.uniform(-2.5, 0.0), VISIBLE * noise / (HIGH - LOW))
        return Linear(dimension, Constant(base), Constant(slope)), LINE
    if kind == "alignment switch":
        return _random_switch(rng, base, dimension)
    return _random_step(rng, base, noise, dimension, sloping=kind == "step with slope")


def _random_step(
    rng: np.random.Generator, base: float, noise: float, dimension: str, *, sloping: bool
) -> tuple[Formula, Shape]:
    """A staircase of width 4 to 256 whose steps, and the rise within a step where it slopes, are visible."""
    width = int(rng.integers(4, 257))
    while True:
        height = base * 10.0 ** rng.uniform(-1.4, 0.5)
        slope = base * 10.0 ** rng.uniform(-3.0, -1.0) if sloping else 0.0
        edge = base + slope * width
        if height / edge >= VISIBLE * noise and (not sloping or slope * width / edge >= VISIBLE * noise):
            break
    step = Step(dimension, width, Constant(base), Constant(height))
    formula = Linear(dimension, step, Constant(slope)) if sloping else step
    return formula, Leaf((width,), sloping)


def _random_switch(rng: np.random.Generator, base: float, dimension: str) -> tuple[Formula, Shape]:
    """A line for the multiples of a divisor and another, 5 to 50 % slower or faster, for the rest."""
    divisor = int(rng.choice(DIVISORS))
    line = Linear(dimension, Constant(base), Constant(base * 10.0 ** rng.uniform(-2.5, -1.0)))
    ratio = 1.0 + rng.uniform(0.05, 0.5)
    other = line.scaled(ratio if rng.random() < 0.5 else 1.0 / ratio)
    condition = DivisibleBy(divisor)
    return Switch(dimension, condition, line, other), Split(condition, LINE, LINE)
