"""`blackthorn validate`: predictions of networks against the same networks, measured here."""

from pathlib import Path
from typing import Any

import click

from blackthorn.cli.options import FILE, common_options, examples
from blackthorn.cli.timing_options import timing_options

EXAMPLES = examples(
    "blackthorn validate resnet50.onnx squeezenet.onnx",
    "blackthorn validate resnet50.onnx --device my-model.json --layers",
)


@click.command(epilog=EXAMPLES)
@click.argument("networks", type=FILE, metavar="MODEL.onnx...", nargs=-1, required=True)
@click.option("--device", metavar="NAME|FILE", help="Fitted model of this device to predict with; found by name unless given.")
@timing_options
@click.option("--layers", "by_layer", is_flag=True, help="List every layer: measured, predicted, error.")
@common_options
def command(networks: tuple[Path, ...], by_layer: bool, as_json: bool, **options: Any) -> None:
    """Predict networks, run them on this device, and compare.

    Latencies are stated at the machine speed at which the fitted model is stated. Coverage is the share of the kernel time
    that goes to layers with a formula. A model of another device is refused. An input shape counts for all networks.
    """
    from blackthorn.cli.printing import print_json, print_lines
    from blackthorn.cli.timing_run import validated
    from blackthorn.cli.validation_table import validation_lines
    from blackthorn.truth import validation_json

    validations = validated(networks, **options)
    if as_json:
        print_json(validation_json(validations))
    else:
        print_lines(validation_lines(validations, by_layer=by_layer))
