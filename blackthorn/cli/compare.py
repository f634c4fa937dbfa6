"""`blackthorn compare`: other models on the same timings, tested on the same layers held out."""

from pathlib import Path

import click

from blackthorn.cli.options import FILE, common_options, examples

EXAMPLES = examples(
    "blackthorn compare sweeps/my-board",
    "blackthorn compare sweeps/my-board --points 20,60 --models blackthorn,gradient-boosting",
    "blackthorn compare few-points.jsonl --test random-layers.jsonl",
)


@click.command(epilog=EXAMPLES)
@click.argument("sweeps", type=FILE, metavar="SWEEP...", nargs=-1, required=True)
@click.option(
    "--test", "tests", type=FILE, multiple=True, metavar="SWEEP", help="Layers to test on; else a random third of each class."
)
@click.option(
    "--points", metavar="N,...", default="20,60,120,240", show_default=True, help="Points of each class to fit to, at most."
)
@click.option("--models", metavar="NAME,...", help="Models to compare; all unless given.")
@click.option("--seed", metavar="N", type=click.IntRange(min=0), default=0, show_default=True, help="Seed of what is held out.")
@click.option("--shuffle", is_flag=True, help="Take points in a random order, for sweeps that went from small to large.")
@common_options
def command(
    sweeps: tuple[Path, ...], tests: tuple[Path, ...], points: str, models: str | None, seed: int, shuffle: bool, as_json: bool
) -> None:
    """Hold other models against the formulas.

    All are fitted to the same timings and tested on the same layers held out.

    SWEEP is a sweep file or a folder of them, all of one device. Every model gets the first points of each class of layers, in
    the order in which they were measured. Errors are relative, over all layers held out; * marks the best model.

    The models: blackthorn's formulas, the same without corrections (formula-only), the method as published in 2021
    (blackthorn-2021), roofline, refined-roofline, statistical and mixed (ANNETTE), random-forest, gradient-boosting, and
    interpolation (dense-grid). Forests, boosting and
    interpolation need: pip install 'blackthorn[compare]'
    """
    from blackthorn.cli.compare_run import compared
    from blackthorn.cli.compare_table import comparison_json, comparison_lines
    from blackthorn.cli.printing import print_json, print_lines

    comparison = compared(sweeps, tests, points, models, seed, shuffle=shuffle)
    if as_json:
        print_json(comparison_json(comparison))
    else:
        print_lines(comparison_lines(comparison))
