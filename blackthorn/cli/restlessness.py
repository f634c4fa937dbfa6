"""Whether timings are known so badly that errors are not the formulas' alone, and what to say then."""

import statistics
from collections.abc import Iterator, Sequence

RESTLESS = 2.0
"""Percent that the median point is known to, above which the machine was restless: formulas of steps and lines are never nearer
to a device. On quiet shared computers presets had 0.8 to 1.5, where neighbours had half of the core for seconds 2.8 to 3.2."""


def median_percent(errors: Sequence[float]) -> float | None:
    """The relative error of the point in the middle, in percent; None where there is none."""
    return 100.0 * statistics.median(errors) if errors else None


def restlessness_lines(errors: Sequence[float]) -> Iterator[str]:
    """What people read about timings of these relative errors: nothing where they are known well."""
    median = median_percent(errors)
    if median is not None and median > RESTLESS:
        yield f"the machine was restless: half of the points are known no better than to {median:.1f} %"
        yield "close other programs, or wait where others share the machine, and sweep anew with --out to another folder"
