"""The formula of a class of layers, for people and for programs."""

from collections.abc import Iterator
from typing import Any

import msgspec

from blackthorn.cli.dimension_text import dimension_text, range_text
from blackthorn.formulas.notation import LATEX
from blackthorn.records import LayerFormula
from blackthorn.units import MS_PER_SECOND, readable_time


def class_title(group: LayerFormula) -> str:
    """Which layers the class holds: `conv2d fp32 at kernel=3`."""
    fixed = dimension_text(group.layer, group.fixed)
    return f"{group.layer} {group.precision}" + (f" at {fixed}" if fixed else "")


def class_lines(group: LayerFormula) -> Iterator[str]:
    """A class in a few lines: what it holds, how well it is known, and the formula in milliseconds."""
    yield class_title(group)
    yield f"  {group.points} points, {range_text(group.ranges)}"
    known = "" if group.timing_error is None else f"; timings known to {group.timing_error:.1f} %"
    yield f"  RMSPE {group.rmspe:.1f} %, cross-validated {group.rmspe_cross_validated:.1f} %{known}"
    if group.correction is not None:
        yield f"  corrected by what it leaves unexplained; without that, cross-validated {group.correction.without:.1f} %"
    if group.reference is not None:
        yield f"  stated at the speed at which its reference layer takes {readable_time(group.reference.seconds)}"
    if group.saved:
        yield f"  {readable_time(group.saved * 2**20)} less for every MiB of its weights that caches keep"
    yield f"  {group.text}"


def class_latex(group: LayerFormula) -> str:
    """The formula in milliseconds as LaTeX, without delimiters."""
    return group.formula.render(LATEX, MS_PER_SECOND)


def class_json(group: LayerFormula) -> dict[str, Any]:
    """A class for programs; the tree is in seconds, the texts are in milliseconds, errors in percent."""
    return {
        "layer": group.layer,
        "precision": group.precision,
        "fixed": group.fixed,
        "ranges": {name: list(ends) for name, ends in group.ranges.items()},
        "points": group.points,
        "rmspe_percent": group.rmspe,
        "rmspe_cross_validated_percent": group.rmspe_cross_validated,
        "rmspe_of_formula_alone_percent": None if group.correction is None else group.correction.without,
        "timing_error_percent": group.timing_error,
        "saved_seconds_per_byte": group.saved,
        "formula_ms": group.formula.text(MS_PER_SECOND),
        "latex_ms": class_latex(group),
        "reference": None if group.reference is None else msgspec.to_builtins(group.reference),
        "formula_seconds": msgspec.to_builtins(group.formula),
    }
