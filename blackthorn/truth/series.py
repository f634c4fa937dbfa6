"""Networks validated one after another: a network that cannot run costs itself alone, and what was measured is never lost.

Each may be visited several times, all others in between. What else a computer does changes within minutes: within three,
ShuffleNet took 2.06, 2.36 and 2.84 ms.
"""

import itertools
import logging
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

import msgspec

from blackthorn.errors import BlackthornError
from blackthorn.records import Network, NetworkTiming, Prediction, Probe
from blackthorn.truth.validation import Validation, middle_visit, references_of, validate

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
        validations: those that were timed, in the order given, each by the visit that stands for all of its visits.
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


def validate_all(candidates: Sequence[Candidate], timed: Timed, watcher: Watcher, visits: int = 1) -> Series:
    """Time networks in the order given, and hold their predictions against that.

    Args:
        candidates: of the device that they are timed on.
        timed: times a network, and the references of its layers beside it.
        watcher: hears of every network before and after it is timed.
        visits: how often each is timed, once all others were; one that cannot be timed is not visited again.

    Raises:
        WrongDevice: a prediction is of another device.
        KeyboardInterrupt: Ctrl-C was pressed before anything came of the first network; later it is kept in `stopped`, as is
            every error that is not a `BlackthornError`.
    """
    made: list[list[Validation]] = [[] for _ in candidates]
    failures: dict[int, Failure] = {}
    stopped: Exception | KeyboardInterrupt | None = None
    try:
        for _, (number, candidate) in itertools.product(range(visits), enumerate(candidates)):
            if number in failures:
                continue
            watcher.begin(candidate.path)
            try:
                timing = timed(candidate.path, references_of(candidate.prediction))
            except BlackthornError as error:
                log.debug("%s", candidate.path, exc_info=True)
                failures[number] = Failure(candidate.path, str(error))
                watcher.end(failures[number])
            else:
                made[number].append(validate(candidate.network, candidate.prediction, timing))
                watcher.end(made[number][-1])
    except (Exception, KeyboardInterrupt) as error:
        if not (any(made) or failures):
            raise
        stopped = error
    never = tuple(failure for number, failure in failures.items() if not made[number])
    return Series(len(candidates), tuple(middle_visit(each) for each in made if each), never, stopped)
