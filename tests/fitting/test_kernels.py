"""Which conditions part layers into kernels of their own."""

import msgspec
import numpy as np

from blackthorn.fitting import kernels
from blackthorn.fitting.cells import Fork
from blackthorn.fitting.joint import JointFit, fit_structure
from blackthorn.fitting.kernels import fit_points
from blackthorn.fitting.lockstep import finished
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import LINE, Split
from blackthorn.formulas import AtMost, DivisibleBy, Switch

COUNT, NOISE = 160, 0.015


def timed(seconds_of, count: int = COUNT, seed: int = 0, step: int = 1) -> Points:
    """Random layers, every other one uniform in the logarithm, timed by a function of filters, channels and rows."""
    rng = np.random.default_rng(seed)
    values = np.where(np.arange(count) % 2, rng.integers(1, 513, (3, count)), np.exp(rng.uniform(0.0, np.log(512), (3, count))))
    filters, channels, rows = np.maximum(step, values.astype(int) // step * step).astype(float)
    seconds = seconds_of(filters, channels, rows) * np.exp(NOISE * rng.standard_normal(count))
    return Points({"filters": filters, "channels": channels, "rows": rows}, seconds, NOISE, np.ones(count))


def blocks(size, width):
    return np.ceil(size / width)


def two_kernels(filters, channels, rows):
    """Blocks of 16 both ways where four divides the channels, and else products of single numbers."""
    in_blocks = 1e-6 + 4e-8 * blocks(filters, 16) * blocks(channels, 16) * rows
    return np.where(channels % 4 == 0, in_blocks, 3e-6 + 6e-10 * filters * channels * rows + 2e-9 * channels * rows)


def three_kernels(filters, channels, rows):
    """The same, and one of its own for less than a block of channels."""
    narrow = 2e-6 + 2e-8 * blocks(filters, 16) * channels * rows
    return np.where(channels < 16, narrow, two_kernels(filters, channels, rows))


def four_kernels(filters, channels, rows):
    """The same, and one of its own for few filters."""
    return np.where(filters <= 16, 1e-6 + 3e-9 * channels * rows, three_kernels(filters, channels, rows))


def one_kernel(filters, channels, rows):
    return 1e-6 + 4e-8 * blocks(filters, 16) * blocks(channels, 8) * rows


def errors_of(fit: JointFit, seconds_of) -> np.ndarray:
    """Relative errors at other layers."""
    others = timed(seconds_of, seed=1)
    return fit.predict(others.dimensions) / others.seconds - 1.0


def test_kernels_with_nothing_in_common_are_told_apart():
    best = fit_points(timed(two_kernels))[0]
    assert isinstance(best.structure, Fork)
    assert (best.structure.name, best.structure.condition) == ("channels", DivisibleBy(4))
    assert np.sqrt(np.mean(errors_of(best, two_kernels) ** 2)) < 0.03


def test_three_kernels_are_told_apart_by_forks_or_switches():
    best = fit_points(timed(three_kernels))[0]
    conditions = {node.condition for node in best.formula().walk() if isinstance(node, Switch)}
    assert {DivisibleBy(4), AtMost(15)} <= conditions
    assert np.sqrt(np.mean(errors_of(best, three_kernels) ** 2)) < 0.03


def test_a_kernel_that_is_seen_only_when_others_are_known_is_found():
    best = fit_points(timed(four_kernels))[0]
    conditions = {node.condition for node in best.formula().walk() if isinstance(node, Switch)}
    assert {DivisibleBy(4), AtMost(15)} <= conditions
    assert np.sqrt(np.mean(errors_of(best, four_kernels) ** 2)) < 0.03


def test_the_best_structure_without_a_fork_stays_among_them():
    found = fit_points(timed(two_kernels))
    assert any(not isinstance(fit.structure, Fork) for fit in found)
    assert [fit.cost for fit in found] == sorted(fit.cost for fit in found)


def test_one_kernel_has_no_fork():
    best = fit_points(timed(one_kernel))[0]
    assert not isinstance(best.structure, Fork)
    assert np.sqrt(np.mean(errors_of(best, one_kernel) ** 2)) < 0.03


def test_aligned_points_tell_of_no_alignment():
    found = fit_points(timed(two_kernels, step=16))
    assert not any(isinstance(fit.structure, Fork) and fit.structure.condition == DivisibleBy(4) for fit in found)


def test_few_points_are_searched_as_one():
    assert not any(isinstance(fit.structure, Fork) for fit in fit_points(timed(two_kernels, count=15)))


def test_an_alignment_that_all_layers_show_is_searched_second_whatever_simple_shapes_say_of_it():
    points = timed(two_kernels)
    whole = fit_structure(points, {"filters": LINE, "channels": Split(DivisibleBy(4), LINE, LINE), "rows": LINE})
    far_better = msgspec.structs.replace(whole, cost=whole.cost - 1000.0)
    tried = {kernels._Parting("rows", AtMost(15))}
    second = finished(kernels._likeliest(points, whole, far_better, tried))
    assert second == kernels._Parting("channels", DivisibleBy(4))
    assert finished(kernels._likeliest(points, whole, far_better, {*tried, second})) is None
