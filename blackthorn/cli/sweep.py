"""`blackthorn sweep`: device -> sweeps/DEVICE/*.jsonl."""

import shlex
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource

from blackthorn.cli import defaults
from blackthorn.cli.engine_options import engine_options, take_given
from blackthorn.cli.exits import INTERRUPTED
from blackthorn.cli.options import (
    FILE,
    affinity_option,
    common_options,
    examples,
    provider_option,
    runner_option,
    threads_option,
)
from blackthorn.errors import BadValue

EXAMPLES = examples(
    "blackthorn sweep conv2d --dim filters",
    "blackthorn sweep conv2d --dim filters --dim channels --at size=28,kernel=1 --range filters=16:512:16",
    "blackthorn sweep dense --dim inputs --dim outputs --target-error 5%",
    "blackthorn sweep --preset cnn --threads 2",
)
OF_ONE_SWEEP = {
    "layer": "LAYER",
    "dims": "--dim",
    "fixed": "--at",
    "ranges": "--range",
    "max_points": "--max-points",
    "max_macs": "--max-macs",
    "target_error": "--target-error",
    "max_minutes": "--max-minutes",
    "full": "--full",
    "precision": "--precision",
}
"""What a preset decides by itself: arguments of the command, and how users write them."""


@click.command(epilog=EXAMPLES)
@click.argument("layer", required=False)
@click.option("--preset", metavar="NAME|FILE", help="Make all sweeps of a preset instead of one of LAYER; cnn is one.")
@click.option(
    "--dim", "dims", multiple=True, metavar="NAME", help="Dimension to move; repeat it to nest several, in that order."
)
@click.option("--at", "fixed", multiple=True, metavar="NAME=VALUE,...", help="Dimensions to hold; others have usual values.")
@click.option("--range", "ranges", multiple=True, metavar="NAME=LOW:HIGH[:STEP]", help="How far a dimension moves.")
@click.option(
    "--max-points", metavar="N", type=click.IntRange(min=1), help="Most points, known ones included; 60 unless --full."
)
@click.option("--max-macs", metavar="N", help="Leave out layers of more multiply-accumulates, as in 1.5G.")
@click.option("--target-error", metavar="PERCENT", help="End when the error at left-out points is as small as this.")
@click.option("--max-minutes", metavar="N", type=click.FloatRange(min=0.0, min_open=True), help="End after so many minutes.")
@click.option("--full", is_flag=True, help="Measure every point instead of those that tell most.")
@click.option("--precision", type=click.Choice(["fp32", "fp16"]), default="fp32", show_default=True, help="Number format.")
@runner_option
@provider_option
@engine_options
@threads_option
@affinity_option
@click.option("--recording", "recordings", multiple=True, type=FILE, help="Sweep file or folder to replay (runner recorded).")
@click.option("--formulas", type=FILE, help="File of a simulated device (runner simulated).")
@click.option(
    "--out", type=FILE, default=defaults.SWEEPS, show_default=True, help="Folder for sweeps, one folder a device in it."
)
@common_options
@click.pass_context
def command(context: click.Context, /, preset: str | None, out: Path, as_json: bool, **options: Any) -> None:
    """Measure a kind of layer on this device.

    LAYER is a kind of layer, such as conv2d. It is timed at the few points that tell most. Every point is on the disk as
    soon as it is measured. Ctrl-C stops after the point in hand; the same command goes on where it stopped.
    """
    from blackthorn.cli import preset_run, sweep_run
    from blackthorn.cli.printing import print_json, print_lines
    from blackthorn.cli.program import ARGUMENTS

    engine = take_given(options)
    again = shlex.join(["blackthorn", *context.meta[ARGUMENTS]])
    if preset is None:
        report = sweep_run.run(layer=_named(options.pop("layer")), out=out, engine=engine, **options)
        interrupted, content = report.outcome.interrupted, sweep_run.sweep_json(report)
        lines = sweep_run.sweep_lines(report, again)
    else:
        series = preset_run.run(preset, out=out, engine=engine, **_of_presets(context, options))
        interrupted, content = series.interrupted, preset_run.preset_json(series)
        lines = preset_run.preset_lines(series, again, out)
    if as_json:
        print_json(content)
    else:
        print_lines(lines)
    if interrupted:
        context.exit(INTERRUPTED)


def _named(layer: str | None) -> str:
    """The layer kind, which is needed where there is no preset."""
    if layer is None:
        raise BadValue("there is nothing to sweep", "name a kind of layer, such as conv2d, or a preset: --preset cnn")
    return layer


def _of_presets(context: click.Context, options: dict[str, Any]) -> dict[str, Any]:
    """The options that a preset leaves open; all others are refused where they were given."""
    for name, written in OF_ONE_SWEEP.items():
        if context.get_parameter_source(name) is not ParameterSource.DEFAULT:
            raise BadValue(f"{written} is of no use with --preset", "leave it out, or leave out --preset")
    return {name: value for name, value in options.items() if name not in OF_ONE_SWEEP}
