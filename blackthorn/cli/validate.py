"""`blackthorn validate`: predictions of networks against the same networks, measured here."""

from pathlib import Path
from typing import Any

import click

from blackthorn.cli.engine_options import take_given
from blackthorn.cli.exits import MENDABLE
from blackthorn.cli.options import FILE, common_options, examples, listing
from blackthorn.cli.timing_options import timing_options

COLUMNS = listing(
    "What is listed of each network, below the share that each kind of layer has in the error:",
    "measured         a whole call, end to end",
    "kernels          the sum of its layers, as the runtime's profiler times them",
    "between kernels  the rest of the call, which belongs to no layer",
    "predicted        the sum of its layers and of what goes by between kernels, by the formulas",
    "error            how far predicted is from measured",
    "of visits        the same of all visits, where there are several; the middle one is what the others are of",
    "coverage         the share of kernels that goes to layers with a formula",
    "timing           settled; if noisy, drifting or contended, close other programs; if throttled, cool it",
)
EXAMPLES = examples(
    "blackthorn validate resnet50.onnx squeezenet.onnx",
    "blackthorn validate resnet50.onnx --device my-model.json --layers",
)


@click.command(epilog=f"{COLUMNS}\n\n{EXAMPLES}")
@click.argument("networks", type=FILE, metavar="MODEL.onnx...", nargs=-1, required=True)
@click.option("--device", metavar="NAME|FILE", help="Fitted model to predict with; this machine's unless given.")
@timing_options
@click.option(
    "--visits",
    metavar="N",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How often each network is timed, all others in between; the visit with the middle error counts.",
)
@click.option("--layers", "by_layer", is_flag=True, help="List every layer: measured, predicted, error.")
@common_options
@click.pass_context
def command(
    context: click.Context, /, networks: tuple[Path, ...], device: str | None, by_layer: bool, as_json: bool, **options: Any
) -> None:
    """Predict networks, run them on this device, and compare.

    All files are read first, and a broken one is refused at once. Then each network is timed for some seconds, and a line on
    standard error says what came of it. If one cannot run here, the others are timed all the same, and the exit code is 2.
    Ctrl-C prints what is done until then; the exit code is 130.

    Predictions are stated at the machine's speeds of the moment: the reference layer of every class in a network is timed in
    the same window. A model of another device is refused. An input shape counts for all networks.
    """
    from blackthorn.cli.printing import print_json, print_lines
    from blackthorn.cli.timing_run import Asked, validated
    from blackthorn.cli.validation_table import validation_lines
    from blackthorn.truth import validation_json

    series = validated(networks, device, Asked(engine=take_given(options), **options))
    if as_json:
        print_json(validation_json(series))
    elif series.validations:
        print_lines(validation_lines(series, by_layer=by_layer))
    if series.stopped is not None:
        raise series.stopped
    if series.failures:
        context.exit(MENDABLE)
