"""`blackthorn fit`: sweeps -> fitted_models/DEVICE.json."""

from pathlib import Path

import click

from blackthorn.cli import defaults
from blackthorn.cli.options import FILE, common_options, examples

EXAMPLES = examples(
    "blackthorn fit",
    "blackthorn fit sweeps/my-board --out my-board.json",
)


@click.command(epilog=EXAMPLES)
@click.argument("folders", nargs=-1, type=FILE, metavar="[FOLDER]...")
@click.option("--out", type=FILE, metavar="FILE", help="File of the fitted model; unless given, fitted_models/DEVICE.json.")
@common_options
def command(folders: tuple[Path, ...], out: Path | None, as_json: bool) -> None:
    """Turn sweeps into a fitted model of each device.

    FOLDER holds sweeps, itself or in folders below, one folder a device; without one, all of ./sweeps is fitted. A sweep
    file may be given, too.
    """
    from blackthorn.cli.fit_run import fit_json, fit_lines, run
    from blackthorn.cli.printing import print_json, print_lines

    fitted = run(folders or (defaults.SWEEPS,), out)
    if as_json:
        print_json(fit_json(fitted))
    else:
        print_lines(fit_lines(fitted))
