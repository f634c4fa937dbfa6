"""One run of `blackthorn sweep --preset`: many sweeps of one device in a row, each in its file, a report out."""

import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from blackthorn.cli import values
from blackthorn.cli.dimension_text import dimension_text
from blackthorn.cli.runner_choice import make_runner
from blackthorn.cli.stamp import MADE_BY, now
from blackthorn.cli.sweep_run import SweepReport, carry_out, fit_command, sweep_json
from blackthorn.cli.tables import table
from blackthorn.records import PlannedSweep, Preset
from blackthorn.storage import find_preset
from blackthorn.sweeping import SweepPlan
from blackthorn.timing import Timer, TimingPolicy
from blackthorn.units import readable_duration

TIMING_SHARE = 0.6
"""Share of the stated time that goes into timing; the rest builds probes, chooses points and tries unsteady ones again."""
SECONDS_PER_MINUTE = 60.0


class PresetReport(msgspec.Struct, frozen=True):
    """What came of a preset: its sweeps as far as they were made, and the seconds that this run took."""

    preset: Preset
    sweeps: tuple[SweepReport, ...]
    seconds: float

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return self.sweeps[-1].outcome.interrupted

    @property
    def points(self) -> int:
        """Points that the files hold together."""
        return sum(report.points for report in self.sweeps)


def run(
    given: str,
    runner: str | None,
    threads: int,
    affinity: str | None,
    recordings: Sequence[Path],
    formulas: Path | None,
    out: Path,
) -> PresetReport:
    """Carry out every sweep of a preset, one after another; what is known is not measured again.

    Args:
        given: name or file of the preset; the others are the command's options as they were written.
    """
    preset = find_preset(given)
    plans = [_checked(planned) for planned in preset.sweeps]
    cpus = values.whole_numbers(affinity, "--affinity") if affinity is not None else ()
    begin = time.monotonic()
    click.echo(f"{preset.name}: at most {preset.points} points in about {preset.minutes:g} minutes", err=True)
    with make_runner(runner, threads, cpus, recordings, formulas) as device, Timer(device, _policy(preset)) as timer:
        reports: list[SweepReport] = []
        for plan in plans:
            header = plan.header(device.device(), device.reference(), now(), MADE_BY)
            reports.append(carry_out(plan, header, timer, out))
            click.echo(f"{len(reports)} of {len(plans)}: {_line(plan, reports[-1])}", err=True)
            if reports[-1].outcome.interrupted:
                break
    return PresetReport(preset, tuple(reports), time.monotonic() - begin)


def _policy(preset: Preset) -> TimingPolicy:
    """As much time for every point as the stated time allows."""
    return TimingPolicy(most_seconds=TIMING_SHARE * SECONDS_PER_MINUTE * preset.minutes / preset.points)


def _checked(planned: PlannedSweep) -> SweepPlan:
    plan = SweepPlan(planned.layer, planned.axes, planned.fixed, planned.precision, planned.points)
    plan.check()
    return plan


def _line(plan: SweepPlan, report: SweepReport) -> str:
    """One sweep, as it ends."""
    held = dimension_text(plan.layer, plan.fixed)
    return f"{plan.layer} {held + ' ' if held else ''}over {', '.join(plan.axes)}: {report.points} points, {_error(report)}"


def _error(report: SweepReport) -> str:
    return "no formula" if report.formula is None else f"error {report.formula.rmspe_cross_validated:.1f} %"


def preset_lines(report: PresetReport, again: str, out: Path) -> Iterator[str]:
    """What people read at the end of a preset.

    Args:
        report: what came of it.
        again: the command line that goes on with it.
        out: the folder of the sweeps.
    """
    rows = [
        (
            planned.layer,
            dimension_text(planned.layer, planned.fixed),
            str(sweep.points),
            "-" if sweep.formula is None else f"{sweep.formula.rmspe_cross_validated:.1f} %",
        )
        for planned, sweep in zip(report.preset.sweeps, report.sweeps, strict=False)
    ]
    yield from table(("layer", "at", "points", "error"), rows, right=(2, 3))
    yield f"{report.points} points of {report.sweeps[0].device}, {readable_duration(report.seconds)}"
    yield f"go on with: {again}" if report.interrupted else f"fit all sweeps with: {fit_command(out)}"


def preset_json(report: PresetReport) -> dict[str, Any]:
    """The same for programs."""
    return {
        "preset": report.preset.name,
        "points": report.points,
        "seconds": report.seconds,
        "interrupted": report.interrupted,
        "sweeps": [sweep_json(sweep) for sweep in report.sweeps],
    }
