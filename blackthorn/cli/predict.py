"""`blackthorn predict`: fitted model + network -> how long it takes."""

from pathlib import Path

import click

from blackthorn.cli.options import FILE, common_options, examples, input_shape_option

EXAMPLES = examples(
    "blackthorn predict resnet50.onnx",
    "blackthorn predict detector.onnx --device my-board.json --input-shape images=1,3,640,640 --top 10",
)


@click.command(epilog=EXAMPLES)
@click.argument("network", type=FILE, metavar="MODEL.onnx")
@click.option("--device", metavar="NAME|FILE", help="Fitted model to predict with; this machine's unless given.")
@input_shape_option
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="List only the N slowest layers, slowest first.")
@click.option("--formula-only", is_flag=True, help="Leave the corrections of formulas out.")
@common_options
def command(
    network: Path, device: str | None, shapes: tuple[str, ...], top: int | None, formula_only: bool, as_json: bool
) -> None:
    """Predict how long a network takes, by layers.

    The network is not run, and its weights are not read. Layers that no formula covers are listed as unknown and never
    counted as zero in silence.
    """
    from blackthorn.cli import values
    from blackthorn.cli.model_choice import choose_model
    from blackthorn.cli.prediction_table import prediction_lines
    from blackthorn.cli.printing import print_json, print_lines
    from blackthorn.onnx_graph import read_network
    from blackthorn.prediction import predict, prediction_json
    from blackthorn.runners import fusions_on

    _, model = choose_model(device)
    read = read_network(network, values.shapes(shapes), fusions_on(model.device))
    prediction = predict(read, model.formulas_only() if formula_only else model)
    if as_json:
        print_json(prediction_json(prediction))
    else:
        print_lines(prediction_lines(prediction, top))
