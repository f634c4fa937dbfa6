"""`blackthorn import`: timings that other tools took -> sweeps/DEVICE/*.jsonl. (Python keeps the word `import` for itself.)"""

from pathlib import Path
from typing import Any

import click

from blackthorn.cli import defaults
from blackthorn.cli.options import FILE, common_options, examples, input_shape_option, listing, threads_option

FORMATS = listing(
    "What can be imported:",
    "trtexec       --exportProfile together with --exportLayerInfo, made with --profilingVerbosity=detailed;",
    "              its log, if given, tells the GPU",
    "ONNX Runtime  the JSON of a session with enable_profiling, best with the network: --model",
    "tables        CSV with a row a layer, all of one --kind, columns mapped with --column",
)
EXAMPLES = examples(
    "blackthorn import profile.json layers.json trtexec.log",
    "blackthorn import onnxruntime_profile.json --model resnet50.onnx --device-name my-board",
    "blackthorn import times.csv --kind conv2d --column filters=out_ch --column channels=in_ch --at kernel=3 "
    "--column seconds=time_ms --unit ms --where device=nano --device-name nano",
)


@click.command(name="import", epilog=f"{FORMATS}\n\n{EXAMPLES}")
@click.argument("files", type=FILE, metavar="FILE...", nargs=-1, required=True)
@click.option("--model", type=FILE, metavar="MODEL.onnx", help="Network that a profile is of; tells layers that it does not.")
@input_shape_option
@click.option("--kind", metavar="LAYER", help="Kind of layer that the rows of a table are.")
@click.option(
    "--column", "columns", multiple=True, metavar="NAME=COLUMN", help="Where a dimension or 'seconds' stands in a table."
)
@click.option("--at", "held", multiple=True, metavar="NAME=VALUE,...", help="Dimensions that a table does not tell.")
@click.option("--where", "wanted", multiple=True, metavar="COLUMN=VALUE", help="Rows of a table that count.")
@click.option("--unit", type=click.Choice(["s", "ms", "us", "ns"]), help="Unit of a table's times.  [default: ms]")
@click.option("--precision", type=click.Choice(["fp32", "fp16"]), help="Number format of a table's layers.  [default: fp32]")
@click.option("--dim", "dims", multiple=True, metavar="NAME", help="Dimension to fit along, too, such as batch.")
@click.option("--device-name", metavar="NAME", help="What to call the device; needed where the files do not tell it.")
@click.option("--runner", metavar="NAME", help="Runtime that ran a table's layers, whose fusions predictions follow.")
@click.option("--detail", "details", multiple=True, metavar="NAME=VALUE", help="What else is known of the device.")
@threads_option
@click.option(
    "--out", type=FILE, default=defaults.SWEEPS, show_default=True, help="Folder for sweeps, one folder a device in it."
)
@common_options
def command(files: tuple[Path, ...], as_json: bool, **options: Any) -> None:
    """Turn timings that other tools took into sweeps.

    FILE is what trtexec, ONNX Runtime or a spreadsheet wrote; all files are of one tool and one device. Layers of a class come
    into one sweep file, which `fit` reads as any other. Layers that are no kind of layer here, or of which the files do
    not tell enough, are listed.

    A column whose cells hold several numbers (1x56x56x64) is mapped with the place of the number, counted from 0:
    --column height=input_shape[1]. Where layers are not padded, the sizes of their outputs are mapped, too: --column
    output_height=output_shape[1]. Rows of one layer are merged to their median.

    Nothing tells how fast the machine was when these timings were taken, so they count as they stand; unless their scatter is
    told, they count as noisy.
    """
    from blackthorn.cli.import_run import import_json, import_lines, run
    from blackthorn.cli.printing import print_json, print_lines

    report = run(files, **options)
    if as_json:
        print_json(import_json(report))
    else:
        print_lines(import_lines(report))
