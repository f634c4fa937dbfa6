"""One run of `blackthorn sweep --preset`: many sweeps of one device in a row, each in its file, a report out."""

import time
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any

import click
import msgspec

from blackthorn.cli import values
from blackthorn.cli.dimension_text import dimension_text
from blackthorn.cli.engine_options import Given
from blackthorn.cli.preset_footprints import time_small_footprints
from blackthorn.cli.preset_parts import made_in_parts
from blackthorn.cli.preset_visits import visit_again
from blackthorn.cli.restlessness import restlessness_lines, upper_quartile_percent
from blackthorn.cli.runner_choice import make_runner
from blackthorn.cli.sweep_run import (
    SweepReport,
    fit_command,
    header_of,
    refuse_own_recording,
    report_of,
    sweep_json,
)
from blackthorn.cli.tables import table
from blackthorn.errors import NotMeasured
from blackthorn.records import PlannedSweep, Preset
from blackthorn.storage import find_preset
from blackthorn.sweeping import FULL_SPEED_POLICY, MOST_VISITS, SweepPlan, sweep_path
from blackthorn.timing import Timer, TimingPolicy
from blackthorn.units import SECONDS_PER_MINUTE, readable_duration

TIMING_SHARE = 0.6
"""Share of the stated time that goes into timing, all visits of a point together; the rest builds probes and chooses points."""


class PresetReport(msgspec.Struct, frozen=True):
    """What came of a preset.

    Attributes:
        preset: what was to be done.
        sweeps: every plan that was begun, in order, with what came of it; None where the device cannot run such layers.
        seconds: what this run took.
        interrupted: whether Ctrl-C ended it.
    """

    preset: Preset
    sweeps: tuple[tuple[SweepPlan, SweepReport | None], ...]
    seconds: float
    interrupted: bool

    @property
    def made(self) -> tuple[SweepReport, ...]:
        """The sweeps that the device could make."""
        return tuple(report for _, report in self.sweeps if report is not None)

    @property
    def points(self) -> int:
        """Points that the files hold together; sweeps over other ranges of the same layers share one."""
        return sum({report.path: report.points for report in self.made}.values())

    @property
    def timing_errors(self) -> tuple[float, ...]:
        """The relative errors of these points."""
        errors = {report.path: report.timing_errors for report in self.made}
        return tuple(chain.from_iterable(errors.values()))

    @property
    def contended(self) -> int:
        """How many of them were timed while others kept processors busy."""
        return sum({report.path: report.contended for report in self.made}.values())


def run(
    given: str,
    runner: str | None,
    provider: str | None,
    threads: int,
    affinity: str | None,
    recordings: Sequence[Path],
    formulas: Path | None,
    out: Path,
    engine: Given,
) -> PresetReport:
    """Carry out every sweep of a preset, all first parts first; what is known is not measured again.

    Args:
        given: name or file of the preset; the others are the command's options as they were written.

    Raises:
        UnknownName, BadFile: there is no such preset.
        BadValue: an option is of no use, or a replay would be written into its own recording.
        NotMeasured: the device can run none of it.
    """
    preset = find_preset(given)
    plans = [_checked(planned) for planned in preset.sweeps]
    cpus = values.cpus(affinity)
    begin = time.monotonic()
    click.echo(f"{preset.name}: at most {preset.points} points in about {preset.minutes:g} minutes", err=True)
    with make_runner(runner, threads, cpus, recordings, formulas, provider, engine) as device:
        headers = [header_of(plan, device) for plan in plans]
        for header in headers:
            refuse_own_recording(sweep_path(out, header), recordings)
        sweeps = list(zip(plans, headers, strict=True))
        with Timer(device, device.reference(), FULL_SPEED_POLICY) as machine:
            policy = _policy(preset)
            outcomes = made_in_parts(sweeps, device, policy, out, machine)
            begun = list(zip(sweeps, outcomes, strict=False))  # Ctrl-C leaves some unbegun
            interrupted = any(outcome.interrupted for outcome in outcomes if outcome is not None)
            able = [
                (header, planned.cached)
                for planned, ((_, header), outcome) in zip(preset.sweeps, begun, strict=False)
                if outcome is not None
            ]
            if not interrupted:
                interrupted = time_small_footprints(able, device, policy, out)
            if not interrupted:
                interrupted = visit_again([header for header, _ in able], device, policy, out, machine)
    reports = tuple(
        (plan, None if outcome is None else report_of(sweep_path(out, header), outcome)) for (plan, header), outcome in begun
    )
    report = PresetReport(preset, reports, time.monotonic() - begin, interrupted)
    if not report.made:
        raise NotMeasured(f"{preset.name} holds no layer that {headers[0].device.name} can run", "choose another preset")
    return report


def _policy(preset: Preset) -> TimingPolicy:
    """As much time for every visit of a point as the stated time allows."""
    return TimingPolicy(most_seconds=TIMING_SHARE * SECONDS_PER_MINUTE * preset.minutes / preset.points / MOST_VISITS)


def _checked(planned: PlannedSweep) -> SweepPlan:
    plan = SweepPlan(planned.layer, planned.axes, planned.fixed, planned.precision, planned.points, most_macs=planned.most_macs)
    plan.check()
    return plan


def _error(report: SweepReport) -> str:
    return "-" if report.formula is None else f"{report.formula.rmspe_cross_validated:.1f} %"


def preset_lines(report: PresetReport, again: str, out: Path) -> Iterator[str]:
    """What people read at the end of a preset.

    Args:
        report: what came of it.
        again: the command line that goes on with it.
        out: the folder of the sweeps.
    """
    rows = [
        (plan.layer, dimension_text(plan.layer, plan.fixed), str(sweep.points), _error(sweep))
        for plan, sweep in report.sweeps
        if sweep is not None
    ]
    yield from table(("layer", "at", "points", "error"), rows, right=(2, 3))
    yield f"{report.points} points of {report.made[0].device}, {readable_duration(report.seconds)}"
    yield from restlessness_lines(report.timing_errors, report.contended)
    yield f"go on with: {again}" if report.interrupted else f"fit all sweeps with: {fit_command(out)}"


def preset_json(report: PresetReport) -> dict[str, Any]:
    """The same for programs."""
    return {
        "preset": report.preset.name,
        "points": report.points,
        "timing_error_upper_quartile_percent": upper_quartile_percent(report.timing_errors),
        "contended": report.contended,
        "seconds": report.seconds,
        "interrupted": report.interrupted,
        "sweeps": [sweep_json(sweep) for sweep in report.made],
    }
