"""One run of `blackthorn compare`: sweeps in, every model fitted and tested."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from blackthorn.cli.fit_run import by_device
from blackthorn.cli.spinner import spinner
from blackthorn.cli.values import whole_numbers
from blackthorn.comparison import Entry, contests, entries
from blackthorn.errors import WrongDevice
from blackthorn.records import Sweep
from blackthorn.rivals import RIVALS, rival
from blackthorn.storage import find_sweeps, read_sweep


class Comparison(msgspec.Struct, frozen=True):
    """What was compared on one device, and what came of it.

    `points` and `held_out` are those of all classes together.
    """

    device: str
    seed: int
    classes: int
    points: int
    held_out: int
    entries: tuple[Entry, ...]


def compared(
    sweeps: Sequence[Path], tests: Sequence[Path], points: str, models: str | None, seed: int, *, shuffle: bool
) -> Comparison:
    """Fit and test every model.

    Args:
        sweeps: sweep files, or folders of them.
        tests: likewise, to test on; none to hold out a part of `sweeps`.
        points: how many of each class to fit to, as written after `--points`.
        models: names with commas between them; None for all.
        seed: of what is held out.
        shuffle: whether points count in a random order.

    Raises:
        BadFile: a sweep cannot be read, or there is none.
        BadValue: a number of points that cannot be.
        UnknownName: there is no such model.
        WrongDevice: the sweeps are of several devices.
        NotMeasured: they hold too few points.
    """
    rivals = tuple(RIVALS.values()) if models is None else tuple(rival(name.strip()) for name in models.split(","))
    counts = whole_numbers(points, "--points")
    testing = {path: read_sweep(path) for path in find_sweeps(tests)} if tests else {}
    fitting = {path: read_sweep(path) for path in find_sweeps(sweeps) if path not in testing}
    device = _one_device({**fitting, **testing})
    found = contests(list(fitting.values()), list(testing.values()), seed, shuffled=shuffle)
    return Comparison(
        device=device,
        seed=seed,
        classes=len(found),
        points=sum(len(contest.training) for contest in found),
        held_out=sum(len(contest.held_out) for contest in found),
        entries=tuple(_watched(entries(found, rivals, counts))),
    )


def _watched(entries: Iterable[Entry]) -> Iterator[Entry]:
    """The same entries, the latest of them told on standard error where somebody looks on; fits take seconds each."""
    with spinner("first fit ...") as tell:
        for fits, entry in enumerate(entries, 1):
            tell(f"{fits} fits, last {entry.rival} of {entry.layer} to {entry.points} points")
            yield entry


def _one_device(sweeps: dict[Path, Sweep]) -> str:
    names = sorted(group[0].header.device.name for group in by_device(sweeps))
    if len(names) > 1:
        raise WrongDevice(f"the sweeps are of {' and '.join(names)}", "compare models on one device at a time")
    return names[0]
