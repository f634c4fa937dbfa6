"""Options that commands share, and that nothing heavy is imported before they run."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


class _PathType(click.Path):
    """A path as the user wrote it; whether it can be read or written is told by who tries."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if "\0" in os.fspath(value):
            self.fail("no path holds the character 0.", param, ctx)
        return super().convert(value, param, ctx)


FILE = _PathType(path_type=Path)

threads_option = click.option(
    "--threads", metavar="N", type=click.IntRange(min=1), default=1, show_default=True, help="Threads that work on one layer."
)
affinity_option = click.option(
    "--affinity", metavar="CPU,...", help="CPUs to run on, counted from 0; the system chooses unless given."
)
runner_option = click.option(
    "--runner", metavar="NAME", help="Back end, as 'blackthorn devices' lists them.  [default: onnxruntime]"
)
provider_option = click.option(
    "--provider",
    metavar="NAME",
    help="ONNX Runtime's execution provider: cuda, openvino or another that is installed.  [default: cpu]",
)
input_shape_option = click.option(
    "--input-shape", "shapes", multiple=True, metavar="NAME=1,3,224,224", help="Shape of an input that the file leaves open."
)


def common_options(function: CommandT) -> CommandT:
    """Adds what all commands have: `--json` (handed on as `as_json`) and `-v`."""
    function = click.option("--json", "as_json", is_flag=True, help="Print JSON for programs.")(function)
    return click.option(
        "-v", "--verbose", count=True, expose_value=False, callback=_log, help="Say more on standard error; twice, say all."
    )(function)


def _log(_context: click.Context, _option: click.Parameter, count: int) -> None:
    """Send what the library logs to standard error; without -v only its warnings go there, which is Python's own way."""
    if count:
        import logging

        level = logging.INFO if count == 1 else logging.DEBUG
        logging.basicConfig(level=level, format="%(levelname)s %(name)s: %(message)s")


def examples(*lines: str) -> str:
    """Command lines as the end of a help text, one a line."""
    return listing("Examples:", *lines)


def listing(title: str, *lines: str) -> str:
    """A paragraph of a help text that keeps its lines; the backspace keeps click from joining them."""
    return "\n".join(["\b", title, *(f"  {line}" for line in lines)])
