"""Trees find what groups of layers have in common, and say nothing where nothing is."""

import numpy as np
import pytest

from blackthorn.fitting.boosting import MOST_TREES, boosted
from blackthorn.fitting.points import Points
from blackthorn.fitting.unexplained import Unexplained
from blackthorn.formulas import DivisibleBy

FOLDS = 5


def errors(of_group: float, noise: float, count: int = 100, seed: int = 1) -> Unexplained:
    """Layers of more than 200 filters whose channels are no multiples of 16 take longer; each formula is without a fifth."""
    rng = np.random.default_rng(seed)
    filters = rng.integers(8, 512, count).astype(float)
    channels = np.where(rng.random(count) < 0.5, 16, 1) * rng.integers(1, 32, count)
    points = Points({"filters": filters, "channels": channels}, np.ones(count), 0.02, np.ones(count))
    slow = of_group * ((filters > 200) & (channels % 16 != 0))
    logarithms = np.tile(slow + noise * rng.standard_normal(count), (FOLDS + 1, 1))
    left_out = np.arange(count) % FOLDS == np.arange(FOLDS)[:, None]
    return Unexplained(points, logarithms, np.concatenate([~left_out, np.full((1, count), True)]))


def test_what_a_group_has_in_common_is_found() -> None:
    trees, left = boosted(errors(0.4, noise=0.01))
    assert left.misfit() < 0.08
    unseen = errors(0.4, noise=0.0, seed=2)
    told = sum(tree.logarithm(unseen.points.dimensions) for tree in trees)
    assert np.sqrt(np.mean((told - unseen.logarithms[-1]) ** 2)) < 0.08
    assert {question.dimension for question in trees[0].questions} == {"filters", "channels"}
    assert any(isinstance(question.condition, DivisibleBy) for tree in trees for question in tree.questions)


def test_what_is_left_is_what_the_trees_do_not_tell() -> None:
    before = errors(0.4, noise=0.01)
    trees, left = boosted(before)
    told = sum(tree.logarithm(before.points.dimensions) for tree in trees)
    assert before.logarithms[-1] - told == pytest.approx(left.logarithms[-1])


@pytest.mark.parametrize("seed", range(6))
def test_noise_is_hardly_learnt(seed: int) -> None:
    trees, _ = boosted(errors(0.0, noise=0.05, seed=seed))
    unseen = errors(0.0, noise=0.0, seed=99)
    told = sum((tree.logarithm(unseen.points.dimensions) for tree in trees), np.zeros(1))
    assert np.sqrt(np.mean(told**2)) < 0.02


def test_there_is_an_end_to_trees() -> None:
    """A slope takes more and more trees, each a little nearer to it."""
    steps = errors(0.0, noise=0.0)
    trees, _ = boosted(steps.less(np.tile(-steps.points.dimensions["filters"] / 512, (FOLDS + 1, 1))))
    assert len(trees) == MOST_TREES


def test_points_that_nothing_parts_are_left_alone() -> None:
    alike = errors(0.0, noise=0.1)
    same = {name: np.full(len(alike.points), 64.0) for name in alike.points.dimensions}
    before = alike._replace(points=Points(same, alike.points.seconds, 0.02, alike.points.weights))
    assert boosted(before) == ((), before)
