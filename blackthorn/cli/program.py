"""The commands, in the order in which they are used; each is a module of this package and imported by its name."""

import importlib
from collections.abc import Mapping, Sequence
from types import MappingProxyType

import click

import blackthorn
from blackthorn.errors import UnknownName

COMMANDS: Sequence[str] = (
    "sweep",
    "fit",
    "predict",
    "measure",
    "validate",
    "compare",
    "import",
    "show",
    "models",
    "devices",
    "completion",
)
MODULES: Mapping[str, str] = MappingProxyType({"import": "import_timings"})
"""Modules that cannot have their command's name, which is a word of Python's."""
ARGUMENTS = "blackthorn.arguments"
"""Where the context keeps the command line as it was given."""


class Program(click.Group):
    """Finds commands by the name of their module; importing one loads nothing heavy, running it does."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        found: click.Command = importlib.import_module(f"blackthorn.cli.{MODULES.get(cmd_name, cmd_name)}").command
        return found

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        ctx.meta[ARGUMENTS] = tuple(args)
        return super().parse_args(ctx, args)

    def resolve_command(self, ctx: click.Context, args: list[str]) -> tuple[str | None, click.Command | None, list[str]]:
        if args[0] not in COMMANDS and not ctx.resilient_parsing:
            raise UnknownName("command", args[0], COMMANDS)
        return super().resolve_command(ctx, args)


@click.group(
    cls=Program, invoke_without_command=True, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100}
)
@click.version_option(blackthorn.__version__, message="%(prog)s %(version)s")
@click.pass_context
def program(context: click.Context) -> None:
    """Predict how long neural networks run on edge devices.

    A device is measured once, at few points; the timings become short formulas; and the formulas answer from then on,
    anywhere, in milliseconds.
    """
    if context.invoked_subcommand is None:
        click.echo(context.get_help())
