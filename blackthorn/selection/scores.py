"""How much a measurement at each point would tell: plain functions of predictions and measured points.

The 2021 method (Lechner and Jantsch, IEEE Access 9) takes, for staircases, the point with most distinct predicted levels,
plus the range of predictions, plus the distance to measured points; for lines the point furthest from all measured ones.
Here levels and range are one number in nats, the information about which explanation is true, and distance serves where
no explanation is in doubt.
"""

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

MOST_ALIGNED = 64
"""No block of vector registers or tensor cores is longer, in elements."""
ALIGNMENT_APART = 0.4
"""How far an odd value is from the best aligned one, as a share of the range: kernels are chosen by alignment."""


def plausibility(costs: Floats) -> Floats:
    """Posterior probabilities of explanations from their description lengths in nats, shape (K,)."""
    weights: Floats = np.exp(-(costs - costs.min()))
    normalised: Floats = weights / weights.sum()
    return normalised


def levels_score(predictions: Floats, probabilities: Floats, noise: Floats | float) -> Floats:
    """Nats that one measurement tells about which of K explanations is true, at each of G points.

    The lower bound of Kolchinsky and Tracey (Entropy 19, 2017, eq. 10, Bhattacharyya distance) for a mixture of normal
    distributions around the predicted levels: it counts the distinct levels, near ones less than far ones, weighted by
    how plausible they are.

    Args:
        predictions: positive seconds, shape (K, G).
        probabilities: shape (K,).
        noise: relative error of one measurement, at all points or at each, shape (G,).
    """
    levels = np.log(predictions)
    apart = (levels[:, None, :] - levels[None, :, :]) / noise
    alike = np.einsum("j,kjg->kg", probabilities, np.exp(-(apart**2) / 8.0))
    information: Floats = -np.einsum("k,kg->g", probabilities, np.log(alike))
    return information


def range_score(predictions: Floats, probabilities: Floats) -> Floats:
    """Relative standard deviation of the predictions at each of G points, shape (G,)."""
    levels = np.log(predictions)
    mean = probabilities @ levels
    spread: Floats = np.sqrt(np.maximum(probabilities @ levels**2 - mean**2, 0.0))
    return spread


def coefficient_score(designs: Floats, measured: Floats) -> Floats:
    """Nats that one measurement tells about the coefficients of one explanation, at each of G points.

    Half the log of the growth of the information matrix's determinant (D-optimality: Kiefer and Wolfowitz 1960).

    Args:
        designs: relative columns at the points, shape (G, p).
        measured: relative columns at the measured points, shape (n, p).
    """
    return 0.5 * np.log1p(leverage(designs, measured))


def leverage(designs: Floats, measured: Floats) -> Floats:
    """Variance of the prediction at each of G points in units of one measurement's; shapes as in `coefficient_score`."""
    scale = np.abs(np.concatenate([designs, measured])).max(axis=0)
    scale[scale == 0.0] = 1.0
    normal = (measured / scale).T @ (measured / scale)
    normal += 1e-6 * np.eye(len(normal))
    variances: Floats = np.einsum("gp,pq,gq->g", designs / scale, np.linalg.inv(normal), designs / scale)
    return variances


def unit_scale(values: Floats, low: Floats, high: Floats) -> Floats:
    """Values from low to high as numbers from 0 to 1: the mean of a linear and a logarithmic scale.

    Small values matter as ratios, large ones as differences. The three are broadcast together; low is positive.
    """
    linear = (values - low) / np.maximum(high - low, 1.0)
    logarithmic = np.log(values / low) / np.where(high > low, np.log(high / low), 1.0)
    scaled: Floats = (linear + logarithmic) / 2.0
    return scaled


def alignment(values: Floats) -> Floats:
    """How often two divides each whole value, as numbers from 0 (odd) to 1 (a multiple of `MOST_ALIGNED`)."""
    whole = values.astype(np.int64)
    largest_power = np.minimum(whole & -whole, MOST_ALIGNED)
    aligned: Floats = np.log2(largest_power) / np.log2(MOST_ALIGNED)
    return aligned


def size_and_alignment(values: Floats, low: Floats, high: Floats) -> Floats:
    """Where points lie within their ranges and among the alignments, for `distance_score`.

    Args:
        values: shape (n, d).
        low, high: the ranges, shape (d,).

    Returns:
        Shape (n, 2 d).
    """
    return np.concatenate([unit_scale(values, low, high), ALIGNMENT_APART * alignment(values)], axis=1)


def distance_score(points: Floats, measured: Floats) -> Floats:
    """Distance of each of G points to the nearest of n measured ones, shape (G,).

    Args:
        points: shape (G, d), each dimension scaled to the unit interval.
        measured: shape (n, d), n at least 1.
    """
    squares: Floats = ((points[:, None, :] - measured[None, :, :]) ** 2).sum(axis=2).min(axis=1)
    return np.sqrt(squares)
