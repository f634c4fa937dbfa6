"""Rivals for people and for programs: errors by kind of layer and number of points, and a plot of them all in text."""

import math
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from blackthorn.cli.compare_run import Comparison
from blackthorn.cli.tables import table
from blackthorn.comparison import EVERY_KIND, Entry, Standing, best_of, overall, standings
from blackthorn.fitting.leaving_out import rmspe

BEST = "*"
BAR, BAR_CHARACTERS = "█", 48
LEAST_ERROR, MOST_ERROR = 1.0, 100.0
"""Percent at the two ends of the bars, which are logarithmic."""
NOTHING = "-"


def comparison_lines(comparison: Comparison) -> Iterator[str]:
    """Everything: a table for each kind of layer, one for all of several, the plot, and what could not be fitted."""
    classes = "1 class" if comparison.classes == 1 else f"{comparison.classes} classes"
    yield f"{comparison.device}: {comparison.points} points of {classes}, {comparison.held_out} layers held out"
    yield "RMSPE and median absolute error in percent at layers held out, by points of each class at most"
    for_kinds, for_all = standings(comparison.entries), overall(comparison.entries)
    layers = list(dict.fromkeys(standing.layer for standing in for_kinds))
    for layer in layers:
        yield ""
        yield from _kind_table([standing for standing in for_kinds if standing.layer == layer])
    if len(layers) > 1:
        yield ""
        yield from _kind_table(for_all)
    yield ""
    yield from _plot(for_all)
    yield from _refusals(comparison.entries)


def _kind_table(standings: Sequence[Standing]) -> Iterator[str]:
    """One row a rival, one column a number of points; `standings` are of one kind."""
    counts = list(dict.fromkeys(standing.most_points for standing in standings))
    best = {count: best_of([standing for standing in standings if standing.most_points == count]) for count in counts}
    cells = {(standing.rival, standing.most_points): _cell(standing, best[standing.most_points]) for standing in standings}
    rows = [(name, *(cells[name, count] for count in counts)) for name in dict.fromkeys(name for name, _ in cells)]
    title = f"{standings[0].layer}, {standings[0].held_out} held out"
    yield from table((title, *(f"{count} points  " for count in counts)), rows, right=range(1, len(counts) + 1))


def _cell(standing: Standing, best: Standing | None) -> str:
    """`6.1  2.4 *`: RMSPE, median, and whether it is the best; of a part of the layers, how many."""
    if standing.rmspe is None or standing.median is None:
        return f"{NOTHING}  "
    mark = BEST if standing is best else " "
    part = "" if standing.is_whole else f" of {standing.predicted}"
    return f"{standing.rmspe:.1f}  {standing.median:.1f}{part} {mark}"


def _plot(standings: Sequence[Standing]) -> Iterator[str]:
    """RMSPE against the number of points, one bar a number, in logarithms."""
    yield f"RMSPE of {EVERY_KIND} by points, bars from {LEAST_ERROR:.0f} to {MOST_ERROR:.0f} % in logarithms"
    for name in dict.fromkeys(standing.rival for standing in standings):
        for standing in standings:
            if standing.rival == name and standing.rmspe is not None and standing.is_whole:
                yield f"{name:<18}{standing.most_points:>5}  {_bar(standing.rmspe)} {standing.rmspe:.1f} %"


def _bar(error: float) -> str:
    share = math.log(max(error, LEAST_ERROR) / LEAST_ERROR) / math.log(MOST_ERROR / LEAST_ERROR)
    return BAR * round(BAR_CHARACTERS * min(share, 1.0))


def _refusals(entries: Sequence[Entry]) -> Iterator[str]:
    """One line for each reason for which a rival was not fitted."""
    refused = [(entry.rival, entry.refusal) for entry in entries if entry.refusal is not None]
    for name, reason in dict.fromkeys(refused):
        fits = sum(entry.rival == name for entry in entries)
        yield f"{name} could not be fitted in {refused.count((name, reason))} of {fits} cases: {reason}"


def comparison_json(comparison: Comparison) -> dict[str, Any]:
    """For programs: errors in percent; `None` where a model could not be fitted."""
    return {
        "device": comparison.device,
        "seed": comparison.seed,
        "classes": [_entry_json(entry) for entry in comparison.entries],
        "kinds": [_standing_json(standing) for standing in standings(comparison.entries)],
        "every_kind": [_standing_json(standing) for standing in overall(comparison.entries)],
    }


def _entry_json(entry: Entry) -> dict[str, Any]:
    return {
        "model": entry.rival,
        "layer": entry.layer,
        "precision": entry.precision,
        "fixed": entry.fixed,
        "most_points": entry.most_points,
        "points": entry.points,
        "held_out": entry.held_out,
        "rmspe_percent": rmspe(np.array(entry.errors)) if entry.errors else None,
        "errors": list(entry.errors),
        "refusal": entry.refusal,
    }


def _standing_json(standing: Standing) -> dict[str, Any]:
    return {
        "model": standing.rival,
        "layer": standing.layer,
        "most_points": standing.most_points,
        "held_out": standing.held_out,
        "predicted": standing.predicted,
        "rmspe_percent": standing.rmspe,
        "median_percent": standing.median,
    }
