"""Rivals on the same timings: fitted to the same first points of each class, tested on the same layers held out.

A contest is one class of layers: points to fit to, in the order in which a sweep took them, and layers held out. An entry is
one rival fitted to so many points of it. Nothing of what is held out is seen by a fit, but the speed at which times are stated.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from blackthorn.errors import BadValue, NotMeasured
from blackthorn.fitting.classes import LayerClass, layer_classes
from blackthorn.fitting.leaving_out import rmspe
from blackthorn.records import Dimensions, Precision, Sweep
from blackthorn.rivals import CannotFit, Rival, TimedLayers, timed_layers

HELD_OUT = 3
"""One layer in so many is held out where no other sweep holds test layers."""
FEWEST = 3
"""Points that a class needs to take part, and layers that must be held out of it at least: one."""

EVERY_KIND = "every kind"
"""Stands where the name of a kind of layer does for all of them together."""


class Contest(msgspec.Struct, frozen=True):
    """One class of layers: those to fit to, in the order in which they count, and those held out."""

    training: TimedLayers
    held_out: TimedLayers


class Entry(msgspec.Struct, frozen=True):
    """One rival in one class with so many points.

    Attributes:
        rival: its name.
        layer, precision, fixed: the class.
        most_points: how many points it could have had.
        points: how many it had: fewer where the class has no more.
        held_out: how many layers it was tested on.
        errors: signed relative errors at these, (predicted - measured) / measured; none where it could not be fitted.
        refusal: why it could not be fitted; None where it was.
    """

    rival: str
    layer: str
    precision: Precision
    fixed: Dimensions
    most_points: int
    points: int
    held_out: int
    errors: tuple[float, ...]
    refusal: str | None


class Standing(msgspec.Struct, frozen=True):
    """One rival over all classes of a kind of layer, with so many points at most of each.

    Attributes:
        rival, layer, most_points: what stands here.
        held_out: layers that were held out.
        predicted: those of them that it could predict.
        rmspe: root mean square relative error at these, in percent; None where there are none.
        median: median absolute relative error at these, in percent; None where there are none.
    """

    rival: str
    layer: str
    most_points: int
    held_out: int
    predicted: int
    rmspe: float | None
    median: float | None

    @property
    def is_whole(self) -> bool:
        """Whether it predicted every layer, so that its errors can be held against others'."""
        return self.predicted == self.held_out


def contests(sweeps: Sequence[Sweep], tests: Sequence[Sweep], seed: int, *, shuffled: bool = False) -> list[Contest]:
    """What sweeps of one device have to be won.

    Where several sweeps make up a class they advance side by side, so that its first points are of all of them.

    Args:
        sweeps: to fit to.
        tests: layers to hold out; where there are none, a random third of each class of `sweeps` is.
        seed: of what is held out, and of the order where it is shuffled.
        shuffled: whether points count in a random order, as they should where a sweep went from small to large.

    Raises:
        NotMeasured: no class has enough points and layers held out.
    """
    every = (*sweeps, *tests)
    progress = {m.probe.key: i / len(sweep.measurements) for sweep in every for i, m in enumerate(sweep.measurements)}
    tested = {measurement.probe.key for sweep in tests for measurement in sweep.measurements}
    found = []
    for group in layer_classes(every):
        layers = timed_layers(group)
        keys = [measurement.probe.key for measurement in group.measurements]
        chance = np.random.default_rng(
            [seed, zlib.crc32(f"{group.layer} {group.precision} {sorted(group.fixed.items())}".encode())]
        )
        mixed = chance.permutation(len(keys)).tolist()
        held = {place for place in mixed if keys[place] in tested} if tested else set(mixed[: len(mixed) // HELD_OUT])
        order = [place for place in mixed if place not in held]
        if not shuffled:
            order.sort(key=lambda place: progress[keys[place]])
        if len(order) >= FEWEST and held:
            found.append(Contest(layers.at(order), layers.at(sorted(held))))
    if not found:
        raise NotMeasured(
            f"no class of layers has {FEWEST} points to fit to and a layer to test on", "give sweeps of more points"
        )
    return found


def entries(contests: Sequence[Contest], rivals: Sequence[Rival], counts: Sequence[int]) -> Iterator[Entry]:
    """Every rival in every contest with every number of points, as they are fitted.

    A class that has fewer points than a count takes part with all that it has; counts beyond those of every class of a kind
    of layer are left out.

    Raises:
        BadValue: a count is too small, or there is none.
    """
    rising = sorted(set(counts))
    if not rising or rising[0] < FEWEST:
        raise BadValue(f"models cannot be fitted to {rising[0] if rising else 'no'} points", f"give {FEWEST} or more")
    most: dict[str, int] = {}
    for contest in contests:
        layer = contest.training.group.layer
        most[layer] = max(most.get(layer, 0), len(contest.training))
    for contest in contests:
        enough = [count for count in rising if count < most[contest.training.group.layer]]
        for entrant in rivals:
            fitted: dict[int, Entry] = {}
            for count in rising[: len(enough) + 1]:
                points = min(count, len(contest.training))
                if points not in fitted:
                    fitted[points] = _entry(contest, entrant, points)
                yield msgspec.structs.replace(fitted[points], most_points=count)


def standings(entries: Sequence[Entry]) -> list[Standing]:
    """Entries summed up by kind of layer, number of points and rival, in the order in which these first come."""
    groups: dict[tuple[str, int, str], list[Entry]] = defaultdict(list)
    for entry in entries:
        groups[entry.layer, entry.most_points, entry.rival].append(entry)
    return [_standing(name, layer, count, members) for (layer, count, name), members in groups.items()]


def overall(entries: Sequence[Entry]) -> list[Standing]:
    """Entries summed up over every kind of layer, by number of points and rival.

    Classes that were not fitted to so many points count with the most that they were.
    """
    latest: dict[tuple[object, ...], Entry] = {}
    result = []
    for count in sorted({entry.most_points for entry in entries}):
        for entry in (entry for entry in entries if entry.most_points == count):
            latest[entry.rival, entry.layer, entry.precision, tuple(entry.fixed.items())] = entry
        groups: dict[str, list[Entry]] = defaultdict(list)
        for entry in latest.values():
            groups[entry.rival].append(entry)
        result += [_standing(name, EVERY_KIND, count, members) for name, members in groups.items()]
    return result


def best_of(standings: Sequence[Standing]) -> Standing | None:
    """The standing with the least RMSPE of those that predicted every layer; None where there is none."""
    whole = [standing for standing in standings if standing.is_whole and standing.rmspe is not None]
    return min(whole, key=lambda standing: standing.rmspe or 0.0, default=None)


def _entry(contest: Contest, entrant: Rival, points: int) -> Entry:
    model = entrant.fit(contest.training.at(range(points)))
    group: LayerClass = contest.held_out.group
    errors: tuple[float, ...] = ()
    if not isinstance(model, CannotFit):
        errors = tuple((model.predict(contest.held_out) / contest.held_out.seconds - 1.0).tolist())
    return Entry(
        rival=entrant.name,
        layer=group.layer,
        precision=group.precision,
        fixed=group.fixed,
        most_points=points,
        points=points,
        held_out=len(contest.held_out),
        errors=errors,
        refusal=model.reason if isinstance(model, CannotFit) else None,
    )


def _standing(name: str, layer: str, count: int, members: Sequence[Entry]) -> Standing:
    errors = np.array([error for entry in members for error in entry.errors])
    return Standing(
        rival=name,
        layer=layer,
        most_points=count,
        held_out=sum(entry.held_out for entry in members),
        predicted=len(errors),
        rmspe=rmspe(errors) if len(errors) else None,
        median=100.0 * float(np.median(np.abs(errors))) if len(errors) else None,
    )
