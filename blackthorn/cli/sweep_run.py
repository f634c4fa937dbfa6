"""One run of `blackthorn sweep`: options in, a report out."""

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from blackthorn.cli import defaults, values
from blackthorn.cli.engine_options import Given
from blackthorn.cli.formula_text import class_json, class_lines
from blackthorn.cli.restlessness import restlessness_lines, upper_quartile_percent
from blackthorn.cli.runner_choice import make_runner
from blackthorn.cli.stamp import MADE_BY, now
from blackthorn.cli.sweep_plan import make_plan, make_selector
from blackthorn.cli.sweep_progress import shown_progress
from blackthorn.errors import BadValue
from blackthorn.fitting import fit_device
from blackthorn.records import LayerFormula, Precision, SweepHeader
from blackthorn.runners import Runner
from blackthorn.storage import find_sweeps, open_sweep, read_sweep
from blackthorn.sweeping import (
    Forecast,
    Goal,
    SweepOutcome,
    SweepPlan,
    forecast,
    sweep,
    sweep_path,
)
from blackthorn.timing import Timer, TimingPolicy
from blackthorn.units import SECONDS_PER_MINUTE, readable_duration

VISIT_POLICY = TimingPolicy(most_seconds=0.7)
"""A visit of a point ends soon, as it is: visits apart tell more than rounds of one."""


class SweepReport(msgspec.Struct, frozen=True):
    """How a sweep ended, and the formula of all that its file holds; None where it holds nothing.

    `forecast` tells what a smaller error would take; None where that is not known, or more points alone do not help.
    `timing_errors` are the relative errors of its points, `contended` is how many were timed while others kept processors busy.
    """

    path: Path
    device: str
    points: int
    outcome: SweepOutcome
    formula: LayerFormula | None
    forecast: Forecast | None = None
    timing_errors: tuple[float, ...] = ()
    contended: int = 0


def run(
    layer: str,
    dims: Sequence[str],
    fixed: Sequence[str],
    ranges: Sequence[str],
    max_points: int | None,
    max_macs: str | None,
    target_error: str | None,
    max_minutes: float | None,
    full: bool,
    precision: Precision,
    runner: str | None,
    provider: str | None,
    threads: int,
    affinity: str | None,
    recordings: Sequence[Path],
    formulas: Path | None,
    out: Path,
    engine: Given,
) -> SweepReport:
    """Carry out a sweep; the arguments are the command's options as they were written."""
    held = values.assignments(fixed, "--at")
    most = None if max_macs is None else values.amount(max_macs, "--max-macs")
    plan = make_plan(layer, dims, held, values.ranges(ranges), precision, max_points, most, full=full)
    goal = Goal(
        None if target_error is None else values.percentage(target_error, "--target-error"),
        None if max_minutes is None else max_minutes * SECONDS_PER_MINUTE,
    )
    cpus = values.cpus(affinity)
    with make_runner(runner, threads, cpus, recordings, formulas, provider, engine) as device:
        header = header_of(plan, device)
        path = sweep_path(out, header)
        refuse_own_recording(path, recordings)
        with open_sweep(path, header) as file, Timer(device, header.reference, VISIT_POLICY) as timer:
            timer.expect(file.measurements)
            with shown_progress() as on_point:
                outcome = sweep(plan, make_selector(plan), timer.measure, file, on_point, goal)
    report = report_of(path, outcome)
    if plan.full or report.formula is None:
        return report
    return msgspec.structs.replace(report, forecast=forecast(read_sweep(report.path)))


def header_of(plan: SweepPlan, device: Runner) -> SweepHeader:
    """The first line of a plan's sweep file on a device."""
    return plan.header(device.device(), device.reference(plan.usual()), now(), MADE_BY)


def report_of(path: Path, outcome: SweepOutcome) -> SweepReport:
    """What a sweep's file holds after a run of it, and the formula of that.

    Raises:
        BadFile: it is damaged.
    """
    found = read_sweep(path)
    errors = tuple(measurement.relative_error for measurement in found.measurements)
    formula = fit_device([found], now(), MADE_BY).layers[0] if found.measurements else None  # all points are of one class
    contended = sum(measurement.grade == "contended" for measurement in found.measurements)
    return SweepReport(path, found.header.device.name, len(errors), outcome, formula, timing_errors=errors, contended=contended)


def refuse_own_recording(path: Path, recordings: Sequence[Path]) -> None:
    """A replay is not to be written into what it replays.

    Args:
        path: the file of a sweep that is about to be made.
        recordings: files and folders that are replayed, if any.

    Raises:
        BadValue: the file is one of these.
    """
    if recordings and path.resolve() in {recording.resolve() for recording in find_sweeps(recordings)}:
        raise BadValue(f"the replay would be written into its own recording {path}", "choose another folder with --out")


def sweep_lines(report: SweepReport, again: str) -> Iterator[str]:
    """What people read at the end of a sweep.

    Args:
        report: what came of it.
        again: the command line that goes on with it.
    """
    outcome = report.outcome
    yield f"{report.points} points in {report.path} ({outcome.measured} new; {outcome.reason})"
    if outcome.skipped:
        yield f"{len(outcome.skipped)} points could not be measured and were skipped"
    if report.formula is not None:
        yield from class_lines(report.formula)
    yield from restlessness_lines(report.timing_errors, report.contended)
    if report.forecast is not None:
        yield f"  {_forecast_text(report.forecast, outcome)}"
    yield f"go on with: {again}" if outcome.interrupted else f"fit all sweeps with: {fit_command(report.path.parent.parent)}"


def _forecast_text(forecast: Forecast, outcome: SweepOutcome) -> str:
    """What a smaller error would take, at the pace of this run: `an error of 4.1 % would take about 40 more points, 3 min`."""
    pace = outcome.seconds / outcome.measured if outcome.measured else 0.0
    duration = f", {readable_duration(pace * forecast.points)}" if pace else ""
    return f"an error of {forecast.error:.1f} % would take about {forecast.points} more points{duration}"


def fit_command(folder: Path) -> str:
    """The command line that fits what lies in the folder of all devices."""
    return "blackthorn fit" if folder == defaults.SWEEPS else shlex.join(["blackthorn", "fit", str(folder)])


def sweep_json(report: SweepReport) -> dict[str, Any]:
    """The same for programs."""
    return {
        "file": str(report.path),
        "device": report.device,
        "points": report.points,
        "measured": report.outcome.measured,
        "known": report.outcome.known,
        "skipped": list(report.outcome.skipped),
        "interrupted": report.outcome.interrupted,
        "reason": report.outcome.reason,
        "timing_error_upper_quartile_percent": upper_quartile_percent(report.timing_errors),
        "contended": report.contended,
        "seconds": report.outcome.seconds,
        "forecast": None if report.forecast is None else report.forecast._asdict(),
        "class": None if report.formula is None else class_json(report.formula),
    }
