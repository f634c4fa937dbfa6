"""What `measure` and `validate` have in common: how networks are run and for how long, and the timer that comes of it."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

SECONDS = 5.0
"""How long a network is timed at most where nothing is said."""
LEAST_SECONDS = 0.1


def timing_options(function: CommandT) -> CommandT:
    """Adds `--threads`, `--affinity`, `--input-shape` and `--seconds`."""
    options = (
        click.option(
            "--threads",
            metavar="N",
            type=click.IntRange(min=1),
            default=1,
            show_default=True,
            help="Threads that work on one layer.",
        ),
        click.option("--affinity", metavar="CPU,...", help="CPUs to run on, counted from 0; the system chooses unless given."),
        click.option(
            "--input-shape",
            "shapes",
            multiple=True,
            metavar="NAME=1,3,224,224",
            help="Shape of an input that the file leaves open.",
        ),
        click.option(
            "--seconds",
            metavar="S",
            type=click.FloatRange(min=LEAST_SECONDS),
            default=SECONDS,
            show_default=True,
            help="Most seconds for a network; three rounds are made however long they last.",
        ),
    )
    for option in reversed(options):
        function = option(function)
    return function
