"""Whether timings are known so badly, or others were so busy, that errors are not the formulas' alone, and what to say then."""

import statistics
from collections.abc import Iterator, Sequence

RESTLESS = 2.0
"""Percent that the median point is known to, above which the machine was restless: formulas of steps and lines are never nearer
to a device. On quiet shared computers presets had 0.8 to 1.5, where neighbours had half of the core for seconds 2.8 to 3.2."""
NOTEWORTHY = 0.1
"""Share of the points above which those that others disturbed make a difference to formulas."""


def median_percent(errors: Sequence[float]) -> float | None:
    """The relative error of the point in the middle, in percent; None where there is none."""
    return 100.0 * statistics.median(errors) if errors else None


def restlessness_lines(errors: Sequence[float], contended: int) -> Iterator[str]:
    """What people read about timings: nothing where they are known well.

    Args:
        errors: the relative error of every point.
        contended: how many points were timed while others kept processors busy.
    """
    median = median_percent(errors)
    is_restless = median is not None and median > RESTLESS
    is_contended = contended > NOTEWORTHY * len(errors)
    if is_restless:
        yield f"the machine was restless: half of the points are known no better than to {median:.1f} %"
    if is_contended:
        yield f"other programs kept processors busy while {contended} of {len(errors)} points were timed"
    if is_restless or is_contended:
        yield "close other programs, or wait where others share the machine, and sweep anew with --out to another folder"
