"""What `measure` and `validate` have in common: how networks are run and for how long."""

import click

from blackthorn.cli.options import CommandT, affinity_option, input_shape_option, provider_option, threads_option

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
    """Adds `--provider`, `--threads`, `--affinity`, `--input-shape` and `--seconds`."""
    return provider_option(threads_option(affinity_option(input_shape_option(seconds_option(function)))))
