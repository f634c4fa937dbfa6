"""Several timings of one probe, each some time after the other, as one measurement.

What a layer takes depends on what else uses caches and memory, and that changes over seconds: two visits of one layer, half a
minute apart, differed by 2 to 4 % where it computes and by 3 to 15 % where it moves memory, though the rounds of one visit
agreed to within 0.5 to 3 %. Neither more rounds nor a probe built anew tell of it, only time between visits does.
"""

import math
from collections.abc import Sequence

import msgspec

from blackthorn.records.sweeps import Grade, Measurement

GOOD_ERROR = 0.0125
"""Relative standard error at which a measurement is good: formulas leave 2 to 3 % unexplained anyway."""
LEAST_ERROR = 1e-3
"""Relative error below which the rounds of one visit are not believed."""
DISTURBED = 1.5
"""A visit that took so many times as long as the fastest was disturbed, and does not count."""
AT_ONE_SPEED: frozenset[Grade] = frozenset({"settled", "noisy"})


def merged_visits(visits: Sequence[Measurement]) -> Measurement:
    """One measurement of all visits: the mean of their times over the reference's, and its error with the scatter of visits.

    It is stated at the speed of the fastest reference, and visits count less the slower the machine was. Those during which
    others kept processors busy count only where there are no others, those during which the machine changed its speed where
    there are none of these, too, and of those during which the device slowed down to protect itself the surest alone.

    Source: DerSimonian and Laird, "Meta-analysis in clinical trials", Controlled Clinical Trials 7, 1986, equations 6 to 9
    (the random-effects model: the variance between visits is added to that within each).

    Args:
        visits: at least one, all of one probe, beside one reference or none.
    """
    graded = ([visit for visit in visits if visit.grade in grades] for grades in (AT_ONE_SPEED, {"contended"}, {"drifting"}))
    steady = next(filter(None, graded), [])
    least = min((visit.at_speed(1.0) for visit in steady), default=math.inf)
    steady = [visit for visit in steady if visit.at_speed(1.0) <= DISTURBED * least]
    if len(steady) < 2:
        return steady[0] if steady else min(visits, key=lambda visit: visit.relative_error)
    fastest = min(steady, key=lambda visit: visit.reference_seconds or 1.0)
    ratios = [visit.at_speed(1.0) for visit in steady]
    errors = [max(LEAST_ERROR, visit.error_at_speed(fastest.reference_seconds)) for visit in steady]
    within = [(error * ratio) ** 2 for error, ratio in zip(errors, ratios, strict=True)]
    between = _between(ratios, within)
    weights = [1.0 / (between + variance) for variance in within]
    ratio = _weighted_mean(ratios, weights)
    wall = _weighted_mean([visit.wall_seconds / (visit.reference_seconds or 1.0) for visit in steady], weights)
    speed, error = fastest.reference_seconds or 1.0, 1.0 / (math.sqrt(math.fsum(weights)) * ratio)
    is_good = error <= GOOD_ERROR
    return msgspec.structs.replace(
        fastest,
        seconds=ratio * speed,
        wall_seconds=wall * speed,
        relative_error=error,
        calls=sum(visit.calls for visit in steady),
        grade=fastest.grade if fastest.grade not in AT_ONE_SPEED else "settled" if is_good else "noisy",
        taken_at=steady[-1].taken_at,
    )


def _between(ratios: Sequence[float], within: Sequence[float]) -> float:
    """The variance between visits, beyond what the variance within each explains."""
    weights = [1.0 / variance for variance in within]
    total, mean = math.fsum(weights), _weighted_mean(ratios, weights)
    scatter = math.fsum(weight * (ratio - mean) ** 2 for weight, ratio in zip(weights, ratios, strict=True))
    scale = total - math.fsum(weight**2 for weight in weights) / total
    return max(0.0, (scatter - (len(ratios) - 1)) / scale)


def _weighted_mean(values: Sequence[float], weights: Sequence[float]) -> float:
    return math.fsum(weight * value for weight, value in zip(weights, values, strict=True)) / math.fsum(weights)
