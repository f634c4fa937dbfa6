"""`blackthorn measure`: how long a network really takes here."""

from pathlib import Path
from typing import Any

import click

from blackthorn.cli.engine_options import take_given
from blackthorn.cli.options import FILE, common_options, examples, listing
from blackthorn.cli.timing_options import timing_options

SUMS = listing(
    "What stands below the layers:",
    "kernels                the sum of all layers",
    "put in by the runtime  the part of it that the network does not hold: changes of layout",
    "between kernels        the rest of a call; noise can take it below nothing",
    "end to end             a whole call; if noisy, drifting or contended, close other programs; if throttled, cool it",
)
EXAMPLES = examples(
    "blackthorn measure resnet50.onnx",
    "blackthorn measure detector.onnx --threads 4 --input-shape images=1,3,640,640 --top 10",
)


@click.command(epilog=f"{SUMS}\n\n{EXAMPLES}")
@click.argument("network", type=FILE, metavar="MODEL.onnx")
@timing_options
@click.option("--top", type=click.IntRange(min=1), metavar="N", help="List only the N slowest layers, slowest first.")
@common_options
def command(network: Path, top: int | None, as_json: bool, **options: Any) -> None:
    """Run a network on this device and time it.

    Its latency is that of whole calls, end to end. What its layers take is told by the runtime's profiler, in a second
    session, since the profiler slows the calls down. Both are timed in turn, beside a reference layer.
    """
    from blackthorn.cli.printing import print_json, print_lines
    from blackthorn.cli.timing_run import Asked, timed
    from blackthorn.cli.timing_table import timing_lines
    from blackthorn.truth import timing_json

    timing = timed(network, Asked(engine=take_given(options), **options))
    if as_json:
        print_json(timing_json(timing))
    else:
        print_lines(timing_lines(timing, top))
