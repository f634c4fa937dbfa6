"""`blackthorn sweep`: device -> sweeps/DEVICE/*.jsonl."""

import shlex
from pathlib import Path
from typing import Any

import click

from blackthorn.cli import defaults
from blackthorn.cli.exits import INTERRUPTED
from blackthorn.cli.options import FILE, common_options, examples

EXAMPLES = examples(
    "blackthorn sweep conv2d --dim filters",
    "blackthorn sweep conv2d --dim filters --dim channels --at size=28,kernel=1 --range filters=16:512:16",
)


@click.command(epilog=EXAMPLES)
@click.argument("layer")
@click.option(
    "--dim", "dims", multiple=True, metavar="NAME", help="Dimension to move; repeat it to nest several, in that order."
)
@click.option("--at", "fixed", multiple=True, metavar="NAME=VALUE,...", help="Dimensions to hold; others have usual values.")
@click.option("--range", "ranges", multiple=True, metavar="NAME=LOW:HIGH[:STEP]", help="How far a dimension moves.")
@click.option(
    "--max-points", metavar="N", type=click.IntRange(min=1), help="Most points, known ones included; 60 unless --full."
)
@click.option("--full", is_flag=True, help="Measure every point instead of those that tell most.")
@click.option("--precision", type=click.Choice(["fp32", "fp16"]), default="fp32", show_default=True, help="Number format.")
@click.option("--runner", metavar="NAME", help="Back end, as 'blackthorn devices' lists them.  [default: onnxruntime]")
@click.option(
    "--threads", metavar="N", type=click.IntRange(min=1), default=1, show_default=True, help="Threads that work on one layer."
)
@click.option("--affinity", metavar="CPU,...", help="CPUs to run on, counted from 0; the system chooses unless given.")
@click.option("--recording", "recordings", multiple=True, type=FILE, help="Sweep file or folder to replay (runner recorded).")
@click.option("--formulas", type=FILE, help="File of a simulated device (runner simulated).")
@click.option(
    "--out", type=FILE, default=defaults.SWEEPS, show_default=True, help="Folder for sweeps, one folder a device in it."
)
@common_options
@click.pass_context
def command(context: click.Context, /, out: Path, as_json: bool, **options: Any) -> None:
    """Measure a kind of layer on this device.

    LAYER is a kind of layer, such as conv2d. It is timed at the few points that tell most. Every point is on the disk as
    soon as it is measured. Ctrl-C stops after the point in hand; the same command goes on where it stopped.
    """
    from blackthorn.cli.printing import print_json, print_lines
    from blackthorn.cli.program import ARGUMENTS
    from blackthorn.cli.sweep_run import run, sweep_json, sweep_lines

    report = run(out=out, **options)
    if as_json:
        print_json(sweep_json(report))
    else:
        print_lines(sweep_lines(report, again=shlex.join(["blackthorn", *context.meta[ARGUMENTS]])))
    if report.outcome.interrupted:
        context.exit(INTERRUPTED)
