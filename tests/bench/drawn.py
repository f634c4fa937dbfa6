"""Figures over layers drawn at random from wide ranges, timed here; every model is fitted to the same timings of chosen points.

For each class of layers: a sweep that chooses its points, as many points drawn at random, and test layers drawn from the same
ranges, all timed in one run. What was timed stays in `build/bench`, one file each, until the next run.
"""

import math
import shutil
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from blackthorn.cli.sweep_plan import make_selector
from blackthorn.comparison import contests, entries
from blackthorn.fitting.leaving_out import rmspe
from blackthorn.records import Dimensions, Range, Sweep
from blackthorn.rivals import RIVALS, Rival
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.selection import AxisPoint
from blackthorn.storage import open_sweep
from blackthorn.sweeping import SweepPlan, revisited, sweep
from blackthorn.timing import Timer, TimingPolicy
from blackthorn.units import US_PER_SECOND
from tests.bench.measured import Visits
from tests.bench.tables import Row

Floats = NDArray[np.float64]

FOLDER = Path("build/bench/drawn")
COUNTS = (20, 60, 120, 240)
TESTS = 100
POLICY = TimingPolicy(most_seconds=0.15)
"""As much time for a visit of a point as a preset gives it."""
LARGEST = 1_500_000_000
"""Multiply-accumulates."""
SHORTEST, SHORT_ERROR = 20e-6, 2e-6
"""Below so many seconds it is the absolute error that counts, and how large it may be."""
OURS, ALONE, BOOSTING = "blackthorn", "formula-only", "gradient-boosting"
SHARE = 2
"""A sweep of chosen points has to be as good as one of this many times as many drawn points."""

FILTERS, CHANNELS, ALIGNED, SIZE = Range(1, 1024), Range(1, 1024), Range(16, 1024, 16), Range(4, 224)
IMAGE = {"height": SIZE, "width": SIZE}
UNALIGNED = {"filters": FILTERS, "channels": CHANNELS, **IMAGE}
CONVOLUTION = {**UNALIGNED, "channels": ALIGNED}


class Trial(msgspec.Struct, frozen=True):
    """A class of layers, and the RMSPE in percent that is to be reached with so many points.

    Attributes:
        name: for people and files.
        layer, axes, fixed: the class and its ranges.
        targets: of the formula with its correction, by number of points.
        alone: of the formula without, with the largest of these numbers; None for no target.
        has_short: whether layers shorter than `SHORTEST` count by their absolute error.
    """

    name: str
    layer: str
    axes: Mapping[str, Range]
    targets: Mapping[int, float]
    fixed: Dimensions = {}
    alone: float | None = None
    has_short: bool = True

    def plan(self, points: int) -> SweepPlan:
        """The sweep that chooses its points."""
        return SweepPlan(self.layer, dict(self.axes), self.fixed, limit=points, most_macs=LARGEST)


def _convolution(name: str, kernel: Dimensions, axes: Mapping[str, Range], targets: Mapping[int, float]) -> Trial:
    return Trial(f"conv2d {name}", "conv2d", axes, targets, kernel, alone=6.0, has_short=False)


ON_ALIGNED, ON_ALL = {120: 4.5, 240: 3.5}, {240: 6.0}
TRIALS = {
    trial.name: trial
    for trial in (
        _convolution("3x3", {"kernel": 3}, CONVOLUTION, ON_ALIGNED),
        _convolution("1x1", {"kernel": 1}, CONVOLUTION, ON_ALIGNED),
        _convolution("3x3, stride 2", {"kernel": 3, "stride": 2}, CONVOLUTION, ON_ALIGNED),
        _convolution("1x1, stride 2", {"kernel": 1, "stride": 2}, CONVOLUTION, ON_ALIGNED),
        _convolution("5x5", {"kernel": 5}, CONVOLUTION, ON_ALIGNED),
        _convolution("7x7", {"kernel": 7}, CONVOLUTION, ON_ALIGNED),
        _convolution("1x7", {"kernel": 1, "kernel_width": 7}, CONVOLUTION, ON_ALIGNED),
        _convolution("7x1", {"kernel": 7, "kernel_width": 1}, CONVOLUTION, ON_ALIGNED),
        _convolution("3x3, all channels", {"kernel": 3}, UNALIGNED, ON_ALL),
        _convolution("1x1, all channels", {"kernel": 1}, UNALIGNED, ON_ALL),
        Trial("depthwise 3x3", "depthwise_conv2d", {"channels": Range(2, 1024), **IMAGE}, {60: 7.0}, {"kernel": 3}),
        Trial("dense", "dense", {"outputs": Range(1, 4096), "inputs": Range(1, 4096)}, {60: 7.0}, {"rows": 1}),
        Trial("max pooling 2x2", "max_pool2d", {"channels": FILTERS, **IMAGE}, {60: 7.0}, {"kernel": 2, "stride": 2}),
        Trial("relu", "relu", {"elements": Range(1000, 4_000_000)}, {60: 7.0}),
    )
}


class Timings(msgspec.Struct, frozen=True):
    """What was timed of a class: points chosen one after another, points drawn, and layers to test on."""

    chosen: Sweep
    drawn: Sweep
    tests: Sweep


def drawn(plan: SweepPlan, count: int, rng: np.random.Generator) -> list[AxisPoint]:
    """Different points of a plan's ranges, every other uniform in the logarithm; those of layers that are too large not."""
    found: dict[tuple[int, ...], AxisPoint] = {}
    while len(found) < count:
        point = {name: _value(values, rng, logarithmic=len(found) % 2 == 1) for name, values in plan.axes.items()}
        if plan.allows(point):
            found.setdefault(tuple(point.values()), point)
    return list(found.values())


def _value(values: Range, rng: np.random.Generator, *, logarithmic: bool) -> int:
    if not logarithmic:
        return int(values.values()[rng.integers(len(values.values()))])
    target = math.exp(rng.uniform(math.log(values.low), math.log(values.values()[-1])))
    return values.low + values.step * round((target - values.low) / values.step)


def taken(trial: Trial) -> Timings:
    """Time all layers of a trial; a sweep that was to have few points goes on to have more, as a user would let it.

    After each of its stages all layers so far, chosen or drawn, are visited once, so that all of them share the minutes in
    which others use the memory and those in which none do; test layers twice, since what is not known of them counts as a
    model's error. When chosen ones were visited once, the first of relu took 8 % less than later: so much was every model off.
    """
    rng = np.random.default_rng()
    widest = trial.plan(COUNTS[-1])
    folder = FOLDER / trial.name
    shutil.rmtree(folder, ignore_errors=True)
    probes = [widest.probe_at(point) for point in drawn(widest, COUNTS[-1] + TESTS, rng)]
    with OnnxRuntimeRunner() as runner, Timer(runner, runner.reference(widest.usual()), POLICY) as timer:
        header = widest.header(runner.device(), timer.reference, "now", "bench")
        training, tests = Visits(probes[:-TESTS], timer), Visits(probes[-TESTS:], timer)
        with open_sweep(folder / "chosen.jsonl", header) as file:
            for count in COUNTS[1:]:
                plan = trial.plan(count)
                sweep(plan, make_selector(plan), timer.measure, file)
                tests.pass_over_all()
                training.pass_over_all()
                deque(revisited(file.measurements[1:], file, timer.measure), maxlen=0)
                tests.pass_over_all()
            chosen = Sweep(header, file.measurements)
        tests.make_sure()
        for name, visits in (("drawn", training), ("tests", tests)):
            with open_sweep(folder / f"{name}.jsonl", header) as file:
                for measurement in visits.measurements():
                    file.append(measurement)
    return Timings(chosen, Sweep(header, tuple(training.measurements())), Sweep(header, tuple(tests.measurements())))


def judged(trial: Trial, timings: Timings, rivals: Sequence[Rival]) -> Iterator[Row]:
    """The figures of one class, and first how well what they are told by is known itself."""
    known = np.array([test.relative_error for test in timings.tests.measurements])
    seen = f"RMS {rmspe(known):.1f} %, median {100.0 * np.median(known):.1f} %, {len(known)} layers"
    yield Row("12", f"{trial.name}: errors of the test layers' own timings", "-", seen, None)
    by_choice, seconds = _errors(timings.chosen, timings.tests, rivals)
    by_chance, _ = _errors(timings.drawn, timings.tests, [RIVALS[OURS]])
    for count, target in trial.targets.items():
        yield from _accuracy(trial, f"{count} points", by_choice[OURS, count], seconds, target)
    if trial.alone is not None:
        most = max(trial.targets)
        yield from _accuracy(trial, f"formula alone, {most} points", by_choice[ALONE, most], seconds, trial.alone)
    for count in COUNTS:
        own = rmspe(by_choice[OURS, count])
        others = {name: rmspe(found) for (name, at), found in by_choice.items() if at == count and name not in (OURS, ALONE)}
        best = min(others, key=lambda name: others[name])
        yield _against(f"{trial.name}: {count} points", own, f"{best}", others[best])
    boosting = rmspe(by_choice[BOOSTING, COUNTS[-1]])
    yield _against(f"{trial.name}: 60 points", rmspe(by_choice[OURS, 60]), f"{BOOSTING} with {COUNTS[-1]}", boosting)
    for count in (60, 120):
        own, chance = rmspe(by_choice[OURS, count]), rmspe(by_chance[OURS, SHARE * count])
        yield _against(f"{trial.name}: {count} chosen points", own, f"{SHARE * count} drawn points", chance)


def _errors(training: Sweep, tests: Sweep, rivals: Sequence[Rival]) -> tuple[dict[tuple[str, int], Floats], Floats]:
    """Signed relative errors at the test layers, by model and most points; and what these layers took.

    A sweep that found its formula ends before it has so many; then all that it has count.
    """
    (contest,) = contests([training], [tests], seed=0)
    found = {(entry.rival, entry.most_points): entry for entry in entries([contest], rivals, COUNTS)}
    for fewer, count in pairwise(COUNTS):
        for rival in rivals:
            found.setdefault((rival.name, count), found[rival.name, fewer])
    errors = {key: np.array(entry.errors) for key, entry in found.items() if entry.errors}
    return errors, contest.held_out.seconds


def _accuracy(trial: Trial, what: str, errors: Floats, seconds: Floats, target: float) -> Iterator[Row]:
    """How far off one model is: relatively, and at layers shorter than `SHORTEST` in microseconds where these are apart."""
    long = seconds >= SHORTEST if trial.has_short else np.full(len(seconds), True)
    if long.any():
        error, median = rmspe(errors[long]), 100.0 * np.median(np.abs(errors[long]))
        seen = f"{error:.1f} %, median {median:.1f} %, {long.sum()} layers"
        yield Row("12", f"{trial.name}: {what}", f"RMSPE <= {target:.1f} %", seen, error <= target)
    if not long.all():
        off = float(np.sqrt(np.mean((errors * seconds)[~long] ** 2)))
        target_text = f"<= {US_PER_SECOND * SHORT_ERROR:.0f} us"
        seen = f"{US_PER_SECOND * off:.2f} us, {(~long).sum()} layers"
        yield Row("12", f"{trial.name}: {what}, short layers", target_text, seen, off <= SHORT_ERROR)


def _against(what: str, own: float, other: str, theirs: float) -> Row:
    return Row("12", what, f"better than {other}", f"{own:.1f} %, {theirs:.1f} %", own < theirs)


def drawn_layers_predicted(names: Sequence[str] = tuple(TRIALS)) -> Iterator[Row]:
    """Every class of layers: timed, and judged."""
    for name in names:
        yield from judged(TRIALS[name], taken(TRIALS[name]), list(RIVALS.values()))
