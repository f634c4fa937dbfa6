"""Results on standard output: lines for people, JSON for programs."""

from collections.abc import Iterable, Mapping

import click
import msgspec


def print_json(value: Mapping[str, object]) -> None:
    """Print a JSON object, laid out to be read."""
    click.echo(msgspec.json.format(msgspec.json.encode(value), indent=2).decode())


def print_lines(lines: Iterable[str]) -> None:
    """Print text; emphasis is left out where standard output is no terminal."""
    click.echo("\n".join(lines))
