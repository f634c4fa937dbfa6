"""Networks validated one after another: a network that cannot run costs itself alone, and what was measured is never lost."""

import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from blackthorn.errors import BlackthornError
from blackthorn.records import Network, NetworkTiming, Prediction, Probe
from blackthorn.truth.validation import Validation, references_of, validate

log = logging.getLogger(__name__)


class Candidate(NamedTuple):
    """A network that was read and predicted, and is still to be timed."""

    path: Path
    network: Network
    prediction: Prediction


class Failure(msgspec.Struct, frozen=True):
    """A network that could not be timed; `reason` is a sentence that ends in what to do about it."""

    path: Path
    reason: str


Outcome = Validation | Failure


class Series(msgspec.Struct, frozen=True):
    """What came of some networks.

    Attributes:
        planned: how many there were.
        validations: those that were timed, in the order given.
        failures: those that could not be.
        stopped: what ended the series before all had their turn, Ctrl-C or a defect; None where nothing did.
    """

    planned: int
    validations: tuple[Validation, ...]
    failures: tuple[Failure, ...] = ()
    stopped: Exception | KeyboardInterrupt | None = None

    @property
    def interrupted(self) -> bool:
        """Whether Ctrl-C ended it."""
        return isinstance(self.stopped, KeyboardInterrupt)

    @property
    def not_reached(self) -> int:
        """How many networks had no turn, or were in hand when the series was stopped."""
        return self.planned - len(self.validations) - len(self.failures)


class Watcher(Protocol):
    """Whom a series tells how far it is."""

    def begin(self, path: Path) -> None:
        """A network's turn has come."""

    def end(self, outcome: Outcome) -> None:
        """What came of it."""


Timed = Callable[[Path, Sequence[Probe]], NetworkTiming]
"""Times the network in a file, and the references of layer classes beside it."""


def validate_all(candidates: Sequence[Candidate], timed: Timed, watcher: Watcher) -> Series:
    """Time networks in the order given, and hold their predictions against that.

    Args:
        candidates: of the device that they are timed on.
        timed: times a network, and the references of its layers beside it.
        watcher: hears of every network before and after it is timed.

    Raises:
        WrongDevice: a prediction is of another device.
        KeyboardInterrupt: Ctrl-C was pressed before anything came of the first network; later it is kept in `stopped`, as is
            every error that is not a `BlackthornError`.
    """
    validations: list[Validation] = []
    failures: list[Failure] = []
    stopped: Exception | KeyboardInterrupt | None = None
    try:
        for candidate in candidates:
            watcher.begin(candidate.path)
            try:
                timing = timed(candidate.path, references_of(candidate.prediction))
            except BlackthornError as error:
                log.debug("%s", candidate.path, exc_info=True)
                failures.append(Failure(candidate.path, str(error)))
                watcher.end(failures[-1])
            else:
                validations.append(validate(candidate.network, candidate.prediction, timing))
                watcher.end(validations[-1])
    except (Exception, KeyboardInterrupt) as error:
        if not (validations or failures):
            raise
        stopped = error
    return Series(len(candidates), tuple(validations), tuple(failures), stopped)
