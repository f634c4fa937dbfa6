"""What `measure` and `validate` have in common: how networks are run and for how long."""

import click

from blackthorn.cli.engine_options import engine_options
from blackthorn.cli.options import (
    CommandT,
    affinity_option,
    input_shape_option,
    provider_option,
    runner_option,
    threads_option,
)

SECONDS = 5.0
"""How long a network is timed at most where nothing is said."""
LEAST_SECONDS = 0.1

seconds_option = click.option(
    "--seconds",
    metavar="S",
    type=click.FloatRange(min=LEAST_SECONDS),
    default=SECONDS,
    show_default=True,
    help="Most seconds for a network; three rounds are made however long they last.",
)


def timing_options(function: CommandT) -> CommandT:
    """Adds `--runner`, `--provider`, those of TensorRT, `--threads`, `--affinity`, `--input-shape` and `--seconds`."""
    common = threads_option(affinity_option(input_shape_option(seconds_option(function))))
    return runner_option(provider_option(engine_options(common)))
