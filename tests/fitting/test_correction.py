"""Corrections are found where a formula leaves something smooth unexplained, and nowhere else."""

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from blackthorn.fitting.correction import FEWEST_POINTS, MOST_POINTS, Corrected, corrected
from blackthorn.fitting.evidence import LEAST_NOISE
from blackthorn.fitting.joint import JointFit, fit_structure
from blackthorn.fitting.leaving_out import Validated, cross_validation, rmspe
from blackthorn.fitting.lockstep import finished
from blackthorn.fitting.points import Points
from blackthorn.fitting.shapes import CONSTANT, LINE, Leaf


def points(bend: float, noise: float = 0.005, count: int = 60, seed: int = 1) -> Points:
    """Layers whose time is a product of two dimensions, times a slow wave of the first."""
    rng = np.random.default_rng(seed)
    filters, channels = (rng.integers(8, 512, count).astype(float) for _ in range(2))
    wave = np.exp(bend * np.sin(np.log2(filters)))
    seconds = 1e-8 * filters * channels * wave * np.exp(noise * rng.standard_normal(count))
    return Points({"filters": filters, "channels": channels}, seconds, 0.02, np.ones(count))


def lines(of: Points):
    return fit_structure(of, {"filters": LINE, "channels": LINE})


def validated(of: Points, *fits: JointFit) -> list[Validated]:
    """Fits, each with how it predicts left-out points."""
    return list(zip(fits, finished(cross_validation(of, fits)), strict=True))


def told(found: Corrected | None, fit: JointFit, of: Points) -> NDArray[np.float64]:
    """Seconds by a formula, corrected where it is."""
    seconds = fit.predict(of.dimensions)
    return seconds if found is None else found.correction.factor(of.dimensions, seconds) * seconds


def test_what_is_left_unexplained_is_learnt() -> None:
    bent = points(0.2)
    fit = lines(bent)
    alone = finished(cross_validation(bent, [fit]))[0]
    found = corrected(bent, [(fit, alone)])
    assert found is not None
    assert rmspe(found.residuals) < 0.5 * rmspe(alone.residuals)
    assert found.correction.without == pytest.approx(rmspe(alone.residuals))
    unseen = points(0.2, noise=0.0, seed=2)
    assert rmspe(told(found, fit, unseen) / unseen.seconds - 1.0) < 0.5 * rmspe(told(None, fit, unseen) / unseen.seconds - 1.0)


def test_noise_is_hardly_learnt() -> None:
    """By chance a correction may help a little at points left out; elsewhere it then does little harm, and mostly none."""
    noise, errors = 0.03, []
    unseen = points(0.0, noise=0.0, seed=99)
    for seed in range(24):
        straight = points(0.0, noise=noise, seed=seed)
        fit = lines(straight)
        found = corrected(straight, validated(straight, fit))
        errors.append(rmspe(told(found, fit, unseen) / unseen.seconds - 1.0))
    assert np.mean(errors) < 0.15 * 100.0 * noise
    assert max(errors) < 0.5 * 100.0 * noise


@pytest.mark.parametrize("seed", range(12))
def test_what_is_less_than_timings_can_tell_is_not_corrected(seed: int) -> None:
    straight = points(0.0, noise=0.03, seed=seed)
    fit = lines(straight)
    found = corrected(straight, validated(straight, fit))
    assert found is None or np.abs(np.log(told(found, fit, straight) / told(None, fit, straight))).max() > LEAST_NOISE


@pytest.mark.parametrize("count", [FEWEST_POINTS - 1, MOST_POINTS + 1])
def test_too_few_and_too_many_points_are_left_alone(count: int) -> None:
    bent = points(0.2, count=count)
    fit = lines(bent)
    assert corrected(bent, validated(bent, fit)) is None


def test_an_outlier_is_not_learnt() -> None:
    bent = points(0.2)
    spoilt = msgspec.structs.replace(bent, seconds=bent.seconds * np.where(np.arange(len(bent)) == 7, 5.0, 1.0))
    fit = lines(spoilt)
    found = corrected(spoilt, validated(spoilt, fit))
    assert found is not None
    assert told(found, fit, spoilt)[7] < 1.6 * told(None, fit, spoilt)[7]


def test_a_dimension_that_repeats_another_counts_once() -> None:
    bent = points(0.2)
    twice = msgspec.structs.replace(bent, dimensions={**bent.dimensions, "width": bent.dimensions["channels"]})
    fit = fit_structure(twice, {"filters": LINE, "channels": LINE, "width": LINE})
    found = corrected(twice, validated(twice, fit))
    assert found is not None
    process, trees = found.correction.process, found.correction.trees
    asked = {question.dimension for tree in trees for question in tree.questions}
    assert {*(process.dimensions if process else ()), *asked} <= {"filters", "channels"}


def test_a_formula_that_begins_at_nothing_is_corrected_all_the_same() -> None:
    stairs = points(0.2)
    blocks = np.floor((stairs.dimensions["filters"] - 1.0) / 32.0)
    small = blocks == 0.0
    seconds = np.where(small, 1e-9, stairs.seconds / stairs.dimensions["filters"] * blocks)
    layers = msgspec.structs.replace(stairs, seconds=seconds, weights=np.where(small, 0.01, 1.0))
    fit = fit_structure(layers, {"filters": Leaf((32,), climbs=True), "channels": LINE})
    assert not fit.predict(layers.dimensions)[small].any()
    found = corrected(layers, validated(layers, fit))
    assert np.isfinite(told(found, fit, layers)).all()


def test_what_is_told_too_long_counts_most() -> None:
    """Half of layers just alike take 1.5 times as long as the others: what errs least by shares is nearer to these."""
    once = points(0.8, count=120)
    slower = np.sqrt(1.5) ** np.tile([1.0, -1.0], len(once))
    twice = msgspec.structs.replace(
        once,
        dimensions={name: np.repeat(values, 2) for name, values in once.dimensions.items()},
        seconds=np.repeat(once.seconds, 2) * slower,
        weights=np.ones(2 * len(once)),
    )
    fit = lines(twice)
    found = corrected(twice, validated(twice, fit))
    assert found is not None
    assert 0.8 < float(np.median(told(found, fit, twice) * slower / twice.seconds)) < 0.985


def test_formulas_that_foretell_as_well_are_averaged() -> None:
    """Each of two knows half of what there is to know; neither is as good as what they say together."""
    both = half_known(1)
    fits = [fit_structure(both, shapes) for shapes in HALVES]
    found = corrected(both, validated(both, *fits))
    assert found is not None
    (other,) = found.correction.alternatives
    assert other.formula == fits[1].formula()
    assert 0.3 < other.weight < 0.7
    unseen = half_known(2)
    average = msgspec.structs.replace(found.correction, process=None, trees=())
    of_average = average.factor(unseen.dimensions, told(None, fits[0], unseen)) * told(None, fits[0], unseen)
    assert rmspe(of_average / unseen.seconds - 1.0) < 0.85 * min(
        rmspe(told(None, fit, unseen) / unseen.seconds - 1.0) for fit in fits
    )


def test_formulas_that_foretell_worse_are_left_alone() -> None:
    straight = points(0.0)
    poor = fit_structure(straight, {"filters": CONSTANT, "channels": LINE})
    found = corrected(straight, validated(straight, lines(straight), poor))
    assert found is None or not found.correction.alternatives


def test_a_formula_that_foretells_without_any_error_has_the_whole_average() -> None:
    both = half_known(1)
    first, (other, alone) = validated(both, *(fit_structure(both, shapes) for shapes in HALVES))
    found = corrected(both, [first, (other, alone._replace(residuals=np.zeros(len(both))))])
    assert found is not None
    assert [one.weight for one in found.correction.alternatives] in ([], [1.0])


HALVES = ({"filters": Leaf((64,)), "channels": LINE}, {"filters": LINE, "channels": Leaf((64,))})
"""Blocks in one dimension alone, and in the other alone."""


def half_known(seed: int) -> Points:
    """Layers that take blocks in both dimensions."""
    plain = points(0.0, seed=seed, count=120)
    filters, channels = (np.ceil(plain.dimensions[name] / 64.0) for name in ("filters", "channels"))
    return msgspec.structs.replace(
        plain,
        seconds=plain.seconds * filters * channels / (plain.dimensions["filters"] * plain.dimensions["channels"]) * 4096.0,
    )
