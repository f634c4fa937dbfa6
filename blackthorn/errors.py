"""The one family of errors that blackthorn raises on purpose.

Every message is a single sentence: what was wrong, where, and after the semicolon what to do about it. The command
line prints the message alone and exits with `exit_code`; a traceback is a defect.
"""

import difflib
from collections.abc import Callable, Iterable


class BlackthornError(Exception):
    """Something a user can mend.

    Args:
        problem: what was wrong and where, without a full stop.
        remedy: what to do about it, as an imperative, without a full stop.
    """

    exit_code = 2

    def __init__(self, problem: str, remedy: str) -> None:
        super().__init__(f"{problem}; {remedy}.")
        self.problem = problem
        self.remedy = remedy

    def __reduce__(self) -> tuple[Callable[..., "BlackthornError"], tuple[type["BlackthornError"], str, str]]:
        return _again, (type(self), self.problem, self.remedy)


class UnknownName(BlackthornError):
    """A layer, dimension, runner, device or other name that nothing here bears."""

    def __init__(self, what: str, given: str, known: Iterable[str]) -> None:
        names = sorted(known)
        nearest = difflib.get_close_matches(given.lower(), names, n=1, cutoff=0.5)
        listed = f"choose one of: {', '.join(names) or 'none is known here'}"
        super().__init__(f"there is no {what} named '{given}'", f"did you mean '{nearest[0]}'" if nearest else listed)


class BadValue(BlackthornError):
    """A value that cannot be: an empty range, a dimension below one, filters that groups do not divide."""


class BadFile(BlackthornError):
    """A file that cannot be read as what it should be; the message names the file and, where known, the line."""


class WrongDevice(BlackthornError):
    """Timings or a fitted model of one device used as another's."""


class MissingPackage(BlackthornError):
    """A Python package that is needed here is not installed.

    Args:
        package: the name to import.
        requirement: what to hand to pip.
        purpose: what it is needed for.
    """

    def __init__(self, package: str, requirement: str, purpose: str) -> None:
        super().__init__(f"{purpose} needs the Python package '{package}'", f"install it with: pip install '{requirement}'")


class DeviceFault(BlackthornError):
    """A device, its driver or its library that cannot be used here, whatever the point: nothing more can be measured."""


class NotMeasured(BlackthornError):
    """A point was asked of a recording that does not hold it, or no timing could be had."""


class CannotWrite(BlackthornError):
    """A file or folder that cannot be written."""


def first_line(error: BaseException) -> str:
    """What an exception of another library says first; its kind where it says nothing."""
    return (str(error).strip().splitlines() or [type(error).__name__])[0]


def _again(kind: type[BlackthornError], problem: str, remedy: str) -> BlackthornError:
    """An error as it was in the process that raised it, whatever its own arguments were."""
    error = kind.__new__(kind)
    BlackthornError.__init__(error, problem, remedy)
    return error
