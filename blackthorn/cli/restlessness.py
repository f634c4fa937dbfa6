"""Whether timings are known so badly, or others were so busy, that errors are not the formulas' alone, and what to say then."""

from collections.abc import Iterator, Sequence

import numpy as np

BADLY_KNOWN = 0.75
"""Quantile of the points' errors that tells whether the machine was restless: where neighbours use memory alone, the half of
them that computes is known well all the same."""
RESTLESS = 3.0
"""Percent that the point there is known to, above which the machine was restless: formulas of steps and lines are never nearer
to a device. On quiet shared computers presets had 1.6 to 2.8, where neighbours had half of the core for seconds 4.7, and where
they used memory layers of 1x1 convolutions had 4.4."""
NOTEWORTHY = 0.1
"""Share of the points above which those that others disturbed make a difference to formulas."""


def upper_quartile_percent(errors: Sequence[float]) -> float | None:
    """The relative error above which a quarter of the points is, in percent; None where there is no point."""
    return 100.0 * float(np.quantile(errors, BADLY_KNOWN)) if errors else None


def restlessness_lines(errors: Sequence[float], contended: int) -> Iterator[str]:
    """What people read about timings: nothing where they are known well.

    Args:
        errors: the relative error of every point.
        contended: how many points were timed while others kept processors busy.
    """
    quartile = upper_quartile_percent(errors)
    is_restless = quartile is not None and quartile > RESTLESS
    is_contended = contended > NOTEWORTHY * len(errors)
    if is_restless:
        yield f"the machine was restless: a quarter of the points is known no better than to {quartile:.1f} %"
    if is_contended:
        yield f"other programs kept processors busy while {contended} of {len(errors)} points were timed"
    if is_restless or is_contended:
        yield "close other programs, or wait where others share the machine, and sweep anew with --out to another folder"
