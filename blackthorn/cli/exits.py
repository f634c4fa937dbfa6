"""What goes wrong becomes one line on standard error and an exit code; the only place where that is decided."""

import os
import sys
import traceback
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

import click

from blackthorn.errors import BlackthornError, MissingPackage, UnknownName

INTERRUPTED = 130
"""What shells expect after Ctrl-C: 128 + SIGINT."""
MENDABLE = BlackthornError.exit_code
DEFECT = 1
DEBUG_VARIABLE = "BLACKTHORN_DEBUG"
"""Environment variable; set, a traceback is shown."""

REQUIREMENTS = {
    "matplotlib": "blackthorn[plot]",
    "pycuda": "blackthorn[tensorrt]",
    "sklearn": "blackthorn[compare]",
    "tensorrt": "blackthorn[tensorrt]",
}
"""What to hand to pip for a module, where that is not its name."""


class Ending(NamedTuple):
    """How a command line ends: what to say, if anything, and the exit code."""

    message: str
    code: int


def exit_code_of(run: Callable[[], object]) -> int:
    """Run something, say in one line what went wrong, if anything; gives the exit code.

    A whole number that `run` gives is the exit code.
    """
    try:
        result = run()
    except (Exception, KeyboardInterrupt) as error:
        if os.environ.get(DEBUG_VARIABLE):
            traceback.print_exc()
        return _end(ending(error))
    return result if isinstance(result, int) else 0


def ending(error: BaseException) -> Ending:
    """How an error ends the program."""
    if isinstance(error, BlackthornError):
        return Ending(str(error), error.exit_code)
    if isinstance(error, click.ClickException):
        return Ending(_usage(error), MENDABLE)
    if isinstance(error, (KeyboardInterrupt, click.Abort)):
        return Ending("interrupted.", INTERRUPTED)
    if isinstance(error, ModuleNotFoundError) and not _is_ours(error):
        return Ending(_missing(error), MENDABLE)
    if isinstance(error, OSError):
        return Ending(_system(error), MENDABLE)
    name = f"{type(error).__name__}: {error}".splitlines()[0]
    return Ending(f"a defect of blackthorn ({name}); set {DEBUG_VARIABLE}=1 and report what it shows then.", DEFECT)


def _end(end: Ending) -> int:
    with suppress(OSError):
        click.echo(f"blackthorn: {end.message}", err=True)
    _forget_unwritten()
    return end.code


def _forget_unwritten() -> None:
    """Drop what standard output could not take (a full disk), or Python would complain once more as it exits."""
    try:
        sys.stdout.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _usage(error: click.ClickException) -> str:
    """What click has against a command line, with the nearest name and where to read on."""
    context = getattr(error, "ctx", None)
    path = "blackthorn" if context is None else context.command_path
    if isinstance(error, click.NoSuchOption) and context is not None:
        known = (name for option in context.command.get_params(context) for name in option.opts if name.startswith("-"))
        return str(UnknownName(f"option of '{path}'", error.option_name, known))
    return f"{' '.join(error.format_message().split()).rstrip('.')}; see: {path} --help."


def _missing(error: ModuleNotFoundError) -> str:
    package = (error.name or "unknown").partition(".")[0]
    return str(MissingPackage(package, REQUIREMENTS.get(package, package), "this command"))


def _is_ours(error: ModuleNotFoundError) -> bool:
    return (error.name or "").partition(".")[0] == "blackthorn"


def _system(error: OSError) -> str:
    """What the system refused; files that blackthorn reads and writes have sentences of their own."""
    place = f" at {error.filename}" if error.filename else ""
    return f"the system says: {error.strerror or error}{place}; mend that and run the same command again."
