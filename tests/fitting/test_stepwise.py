"""Products chosen one by one: the right ones, whatever is searched beside them, and the same as every trial fitted in full."""

import numpy as np
import pytest

from blackthorn.fitting import stepwise
from blackthorn.fitting.stepwise import Choice, Task, choice_cost, choose

COEFFICIENTS = {0: 1e-5, 3: 2e-7, 6: 1e-7}
"""Of the products that the times are made of, by number."""


def a_task(seed: int, count: int = 40, among: int = 8, noise: float = 0.01) -> Task:
    """Times of some of the products, disturbed a little."""
    rng = np.random.default_rng(seed)
    columns = np.concatenate([np.ones((1, count)), rng.integers(1, 200, (among - 1, count)).astype(float)])
    seconds = sum(value * columns[i] for i, value in COEFFICIENTS.items() if i < among)
    measured = seconds * (1.0 + noise * rng.standard_normal(count))
    return Task(columns, measured, np.ones(count), 0.01, count, np.zeros(among), np.zeros(among, dtype=bool))


def assert_alike(found: Choice, expected: Choice) -> None:
    assert found.terms == expected.terms
    assert found.coefficients == pytest.approx(expected.coefficients, rel=1e-6)
    assert found.cost == pytest.approx(expected.cost, rel=1e-6)
    assert found.noise == pytest.approx(expected.noise, rel=1e-6)


def test_the_products_that_times_are_made_of_are_chosen():
    (found,) = choose([a_task(0)])
    chosen = dict(zip(found.terms, found.coefficients, strict=True))
    assert {i: chosen[i] for i in COEFFICIENTS} == pytest.approx(COEFFICIENTS, rel=0.05)


def test_cells_of_any_size_are_chosen_for_together_as_alone():
    tasks = [a_task(seed, count, among) for seed, count, among in ((1, 40, 8), (2, 3, 4), (3, 90, 12), (4, 1, 1), (5, 12, 9))]
    for found, task in zip(choose(tasks), tasks, strict=True):
        assert_alike(found, choose([task])[0])


def test_cells_are_searched_in_parts_where_they_are_many(monkeypatch):
    tasks = [a_task(seed) for seed in range(5)]
    together = choose(tasks)
    monkeypatch.setattr(stepwise, "NUMBERS_AT_ONCE", 2 * tasks[0].columns.size)
    for found, expected in zip(choose(tasks), together, strict=True):
        assert_alike(found, expected)


@pytest.mark.parametrize("seed", range(10))
def test_the_likeliest_trials_hold_the_best(monkeypatch, seed):
    task = a_task(seed, among=9, noise=0.05)
    (screened,) = choose([task])
    monkeypatch.setattr(stepwise, "LIKELIEST", len(task.columns))
    assert_alike(screened, choose([task])[0])


@pytest.mark.parametrize("seed", range(10))
def test_trials_that_promise_too_little_are_none_that_would_be_chosen(monkeypatch, seed):
    task = a_task(seed, among=9, noise=0.05)
    (screened,) = choose([task])
    monkeypatch.setattr(stepwise, "UNPROMISING", np.inf)
    assert_alike(screened, choose([task])[0])


def test_no_more_products_are_chosen_than_there_are_points():
    (found,) = choose([a_task(0, count=2)])
    assert len(found.terms) <= 2


@pytest.mark.parametrize("seed", range(8))
def test_measurements_that_are_worthless_bend_nothing(seed):
    task = a_task(seed)
    seconds = task.seconds.copy()
    seconds[[4, 17]] *= 4.0
    (found,) = choose([task._replace(seconds=seconds)])
    chosen = dict(zip(found.terms, found.coefficients, strict=True))
    assert {i: chosen[i] for i in COEFFICIENTS} == pytest.approx(COEFFICIENTS, rel=0.1)
    assert found.noise < 0.03


def test_a_product_that_is_another_times_a_number_is_chosen_once():
    task = a_task(0)
    columns = np.concatenate([task.columns, 2.0 * task.columns[3:4]])
    doubled = task._replace(columns=columns, unlikely=np.zeros(len(columns)), bare=np.zeros(len(columns), dtype=bool))
    assert len({3, 8}.intersection(choose([doubled])[0].terms)) == 1


def test_what_a_product_explains_counts_below_the_noise_that_is_told():
    """A hundredth of every time; what else there is explains less of it, if all of it is less than the noise that is told."""
    count = 60
    rng = np.random.default_rng(0)
    columns = np.concatenate([np.ones((1, count)), rng.integers(1, 200, (7, count)).astype(float)])
    seconds = 1e-5 + 2e-7 * columns[3] + 1e-9 * columns[6]
    task = Task(columns, seconds, np.ones(count), 0.02, count, np.zeros(8), np.zeros(8, dtype=bool))
    assert set(choose([task])[0].terms) == {0, 3, 6}


def test_nothing_to_search_is_nothing_found():
    assert choose([]) == []


def test_many_products_take_more_words_to_name_than_few():
    assert choice_cost(1, 1) == 0.0
    assert choice_cost(2, 30) > choice_cost(1, 30) > choice_cost(1, 8)


def test_of_products_that_are_alike_at_the_points_the_likelier_is_chosen():
    task = a_task(0)
    columns = np.concatenate([task.columns, 2.0 * task.columns[3:4]])
    unlikely = np.zeros(len(columns))
    unlikely[3] = 3.0
    (found,) = choose([task._replace(columns=columns, unlikely=unlikely, bare=np.zeros(len(columns), dtype=bool))])
    assert 3 not in found.terms
    assert len(columns) - 1 in found.terms


def test_what_was_chosen_wrongly_is_replaced():
    search = stepwise._Search([a_task(0)])
    search._take_best(np.array([0]), np.array([[[0, 5, 3]]]), np.array([[True]]))
    wrong = search.choices()[0]
    search.replace()
    found = search.choices()[0]
    assert set(found.terms) == set(COEFFICIENTS)
    assert found.cost < wrong.cost


def test_what_is_nothing_over_a_stretch_is_not_chosen_alone():
    """All points lie beyond a threshold and are told by what comes beyond it; layers before it take time all the same."""
    x = np.linspace(2000.0, 9000.0, 30)
    columns = np.array([np.ones_like(x), x, x - 1000.0])
    bare = np.array([False, False, True])
    task = Task(columns, 1e-7 * (x - 1000.0), np.ones_like(x), 0.01, len(x), np.zeros(3), bare)
    (found,) = choose([task])
    assert any(value > 0.0 and not bare[term] for term, value in zip(found.terms, found.coefficients, strict=True))
    (free,) = choose([task._replace(bare=np.zeros(3, dtype=bool))])
    assert free.terms == (2,)
