"""Robust fits and what they are worth: many candidate designs at once, compared by description length.

Residuals are relative (a layer of 10 us and one of 10 ms count alike) and follow Student's t (Lange, Little and Taylor 1989):
the further off a measurement is, the less it bends the fit, yet layers that a formula has all wrong still speak against it. One
of weight w has 1 / w times the variance of others: a doubtful one may be further off, but is no likelier to be worthless. A
candidate's cost is its negative log likelihood in nats, plus a share of log n for every coefficient (Schwarz 1978), plus the
log of how many alternatives its structure was picked from (Rissanen 1978): a width picked from five hundred must explain more
than a straight line that was the only one of its kind.
"""

import math
from typing import NamedTuple

import msgspec
import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
Whole = NDArray[np.int64]

FREEDOM = 8.0
"""Degrees of freedom of residuals. With 5, and with 20, formulas of 13 sweeps predicted other layers worse, by 3 to 6 %."""
OUTLIER_SHARE = 0.025
"""Share of measurements taken to be preempted or otherwise worthless. These took too long, as nothing makes a layer too fast:
what they took beyond what a formula says is any share of all they took, from 0 to 1, and costs some six or seven nats."""
PEAK_DENSITY = (
    (1.0 - OUTLIER_SHARE)
    * math.exp(math.lgamma(0.5 * (FREEDOM + 1.0)) - math.lgamma(0.5 * FREEDOM))
    / math.sqrt(FREEDOM * math.pi)
)
"""Density of a residual of 0, in units of their scale, from a measurement that is worth something."""
COEFFICIENT_SHARE = 0.5
"""Nats for every coefficient over the log of how many measurements there are (Schwarz 1978). By 0.35 and by 0.65 20 sweeps told
other layers worse, by 5 and by 2 % in the mean."""
PRIOR_WEIGHT = 2.0
"""How many measurements the reported noise counts for when the noise is estimated."""
LEAST_NOISE = 0.02
"""Relative error below which no timing is believed: a layer built anew takes other memory, and no formula of steps and lines
is nearer to a real device than 2 to 3 %."""
CLOCK_SECONDS = 3e-8
"""Seconds that no timing of a kernel is sure of: the smallest layers, built anew, scatter so on a quiet machine."""
FAR_OFF = 4.0
"""Errors beyond so many standard deviations count as so many: outliers are no part of what is judged or learnt."""
NORMAL_MEDIAN = 1.4826
"""Standard deviation of a normal distribution over its median absolute deviation."""
BOUNDED_ROUNDS, MIXTURE_ROUNDS = 3, 2
"""Rounds of weighing measurements anew: first none is worthless, since what seems so may yet be explained, then some may be."""
RIDGE = 1e-10
"""Relative to the design's diagonal: keeps columns solvable that the points do not reach (a stair that none has climbed)."""
NEGATIVE_TOLERANCE = 1e-9
SMALLEST = 1e-200
"""Stands in for what is zero where something is divided by it: the scale of a column without a point, a time of no steps."""


class Candidates(msgspec.Struct, frozen=True):
    """Fits of B designs of p columns to the same n measurements.

    Attributes:
        coefficients: shape (B, p).
        noise: relative scale of the residuals, shape (B,).
        cost: nats, structure not yet counted, shape (B,); infinite where a coefficient is negative.
    """

    coefficients: Floats
    noise: Floats
    cost: Floats


def bounded(errors: Floats) -> Floats:
    """Errors, those far off no further than `FAR_OFF` standard deviations as their median tells them; same shape."""
    limit = FAR_OFF * NORMAL_MEDIAN * float(np.median(np.abs(errors)))
    return np.clip(errors, -limit, limit)


def sharpness(seconds: Floats) -> Floats:
    """How sharply measurements tell their relative error: 1 for long ones, less where the clock's own error counts, shape (n,).

    Residuals are multiplied by it, which is to say that their noise is the formula's and the clock's together.
    """
    sharp: Floats = 1.0 / np.hypot(1.0, CLOCK_SECONDS / (LEAST_NOISE * seconds))
    return sharp


def coefficient_cost(total: Whole | int) -> Floats | float:
    """Nats for every coefficient of what explains so many measurements, the same shape."""
    cost: Floats | float = COEFFICIENT_SHARE * np.log(total)
    return cost


def prior_variance(reported_noise: Floats | float) -> Floats | float:
    """Variance of relative residuals that is expected beforehand, by the relative error that measurements claim, same shape.

    It counts for `PRIOR_WEIGHT` measurements.
    """
    variance: Floats | float = np.maximum(reported_noise, LEAST_NOISE) ** 2
    return variance


def fit_candidates(
    designs: Floats, seconds: Floats, present: Floats, reported_noise: Floats | float, total: Whole | int
) -> Candidates:
    """Fit every design to the measurements that it is present at, no coefficient below zero.

    Time only ever adds up, so a column whose coefficient comes out negative is emptied and the design fitted again (a step
    of non-negative least squares by active sets).

    Args:
        designs: columns at the measured points, shape (B, p, n).
        seconds: what was measured there, shape (n,).
        present: weight of each measurement in the candidate, 0 where it does not belong to it, at most 1, shape (B, n): the
            variance of the surest over its own.
        reported_noise: relative error that the measurements claim.
        total: measurements of the whole problem, for the cost of a coefficient.
    """
    columns = relative_columns(designs, np.broadcast_to(seconds, present.shape), present)
    fits = fit_relative(columns.relative, columns.target, present, reported_noise, total)
    return msgspec.structs.replace(fits, coefficients=fits.coefficients / columns.scale)


class Relative(NamedTuple):
    """Columns of B designs as shares of what was measured: what there is to fit, and to what.

    Attributes:
        relative: columns over seconds and scale, 0 where a measurement does not belong to the design, shape (B, p, n).
        target: what they are to add up to, shape (B, n).
        scale: the largest element of each column, shape (B, p); coefficients are divided by it in the end.
    """

    relative: Floats
    target: Floats
    scale: Floats


def relative_columns(designs: Floats, seconds: Floats, present: Floats) -> Relative:
    """The columns of designs, shape (B, p, n), over what was measured, shape (B, n); `present` as of `fit_candidates`."""
    target = sharpness(seconds)
    relative = designs * np.where(present > 0.0, target / seconds, 0.0)[:, None, :]
    scale = np.maximum(np.abs(relative).max(axis=2), SMALLEST)
    relative /= scale[:, :, None]
    return Relative(relative, target, scale)


def fit_relative(
    relative: Floats, target: Floats, present: Floats, reported_noise: Floats | float, total: Whole | int
) -> Candidates:
    """`fit_candidates` of columns that are relative already, with coefficients in units of their scale; changes `relative`.

    Reported noise and the number of measurements may be told for every design, shape (B,).
    """
    prior = np.broadcast_to(prior_variance(reported_noise), len(relative))
    coefficients, variance, misfit = _reweighted(relative, target, present, prior)
    cost = misfit + relative.shape[1] * coefficient_cost(total)
    return Candidates(coefficients, np.sqrt(variance), cost)


def _reweighted(relative: Floats, target: Floats, present: Floats, prior: Floats) -> tuple[Floats, Floats, Floats]:
    """Expectation maximisation of the noise model: coefficients (B, p), variance (B,), misfit in nats (B,).

    The prior on the variance is worth `PRIOR_WEIGHT` measurements of the reported noise, and costs nothing where it is met.
    """
    coefficients, residuals, variance = _weighted_fit(relative, target, present, present, prior)
    for weigh in (bounded_weights,) * BOUNDED_ROUNDS + (_mixture_weights,) * MIXTURE_ROUNDS:
        weights = weigh(residuals, variance[:, None], present)
        coefficients, residuals, variance = _weighted_fit(relative, target, weights, present, prior)
    misfit = misfit_of(residuals, variance[:, None], present)
    misfit += 0.5 * PRIOR_WEIGHT * (np.log(variance / prior) + prior / variance - 1.0)
    return coefficients, variance, misfit


def _weighted_fit(
    relative: Floats, target: Floats, weights: Floats, present: Floats, prior: Floats
) -> tuple[Floats, Floats, Floats]:
    """Coefficients (B, p), residuals (B, n) and the variance (B,) of one of weight 1, by measurements that count so much.

    Squares are divided by how many count, which takes fewer rounds than by how many there are (Kent, Tyler and Vardi 1994).
    """
    coefficients = _solve(relative, target, weights)
    residuals = target - np.matmul(coefficients[:, None, :], relative)[:, 0, :]
    squares = np.einsum("bn,bn->b", weights, residuals**2)
    counted = np.divide(weights, present, out=np.zeros_like(weights), where=present > 0.0).sum(axis=1)
    return coefficients, residuals, (PRIOR_WEIGHT * prior + squares) / (PRIOR_WEIGHT + counted)


def bounded_weights(residuals: Floats, variance: Floats, present: Floats) -> Floats:
    """How much measurements count if none is worthless: less the further off, but never nothing."""
    weights: Floats = present * (FREEDOM + 1.0) / (FREEDOM + present * residuals**2 / variance)
    return weights


def _mixture_weights(residuals: Floats, variance: Floats, present: Floats) -> Floats:
    """How much measurements count if some are worthless: next to nothing where they took far too long."""
    worthy = _worthy(residuals, variance, present)
    weights: Floats = bounded_weights(residuals, variance, present) * worthy / (worthy + _worthless(residuals))
    return weights


def misfit_of(residuals: Floats, variance: Floats, present: Floats) -> Floats:
    """Negative log likelihood, in nats, of the relative residuals that are present, summed over the last axis."""
    density = _worthy(residuals, variance, present) + _worthless(residuals)
    misfit: Floats = -np.log(np.where(present > 0.0, density, 1.0)).sum(axis=-1)
    return misfit


def _worthy(residuals: Floats, variance: Floats, present: Floats) -> Floats:
    """Density of relative residuals from measurements that are worth something."""
    scaled: Floats = 1.0 + present * residuals**2 / (FREEDOM * variance)
    density: Floats = PEAK_DENSITY * np.sqrt(present / variance) * scaled ** (-0.5 * (FREEDOM + 1.0))
    return density


def _worthless(residuals: Floats) -> Floats:
    """Density of relative residuals from worthless measurements: those that took longer than the formula says."""
    return np.where(residuals > 0.0, OUTLIER_SHARE, 0.0)


def _solve(relative: Floats, target: Floats, weights: Floats) -> Floats:
    """Weighted least squares of every design against its target, no coefficient below zero, shape (B, p)."""
    weighted = relative * weights[:, None, :]
    return non_negative(weighted @ relative.transpose(0, 2, 1), (weighted @ target[:, :, None])[:, :, 0])


def non_negative(normal: Floats, right: Floats) -> Floats:
    """Solutions of normal equations, shapes (B, p, p) and (B, p), unknowns that come out negative emptied one by one.

    Changes both.
    """
    solutions = _solved(normal, right)
    for _ in range(right.shape[1] - 1):
        if solutions.min() >= -NEGATIVE_TOLERANCE:
            break
        negative = np.flatnonzero((solutions < -NEGATIVE_TOLERANCE).any(axis=1))
        worst = solutions[negative].argmin(axis=1)
        normal[negative, worst, :] = normal[negative, :, worst] = right[negative, worst] = 0.0
        solutions[negative] = _solved(normal[negative], right[negative])
    return np.maximum(solutions, 0.0)


def _solved(normal: Floats, right: Floats) -> Floats:
    """Solutions of normal equations, with a ridge; changes `normal`."""
    normal = with_ridge(normal)
    if right.shape[1] == 1:
        return right / normal[:, 0]
    return np.linalg.solve(normal, right[:, :, None])[:, :, 0].astype(np.float64, copy=False)


def with_ridge(normal: Floats) -> Floats:
    """Normal equations, shape (B, p, p), that can be solved whatever the points reach; changes `normal`."""
    diagonal = normal.reshape(len(normal), -1)[:, :: normal.shape[1] + 1]
    diagonal *= 1.0 + RIDGE
    diagonal += SMALLEST
    return normal
