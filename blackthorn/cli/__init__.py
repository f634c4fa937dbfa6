"""The command line: it parses, calls the library and prints; the only home of click and rich."""

from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command line.

    Args:
        arguments: without the program's name; those of this process where none are given.

    Returns:
        The exit code: 0, 2 for what a user can mend, 130 after Ctrl-C, 1 for a defect.
    """
    from blackthorn.cli.exits import exit_code_of

    return exit_code_of(lambda: _run(arguments))


def _run(arguments: Sequence[str] | None) -> object:
    from blackthorn.cli.program import program

    return program.main(arguments, prog_name="blackthorn", standalone_mode=False)
