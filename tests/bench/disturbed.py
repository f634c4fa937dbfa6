"""Figure 15: sweeps of a class while something else is done with the computer, tested on layers timed in peace.

Every point of a disturbed sweep is timed once more in peace: what is far off must not have been graded settled.
"""

import os
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext

import msgspec
import numpy as np

from blackthorn.fitting import fit_device
from blackthorn.fitting.leaving_out import rmspe
from blackthorn.records import Measurement, Probe, Range, Sweep
from blackthorn.runners import CallTimes, LoadedProbe
from blackthorn.runners.onnxruntime import OnnxRuntimeRunner
from blackthorn.sweeping import SweepPlan
from blackthorn.timing import Timer
from tests.bench.drawn import POLICY, drawn
from tests.bench.measured import Visits, relative_errors, swept, timed
from tests.bench.tables import Row

PLAN = SweepPlan(
    "conv2d",
    {"filters": Range(16, 512, 16), "channels": Range(16, 512, 16), "size": Range(7, 56)},
    {"kernel": 3},
    limit=60,
    most_macs=400_000_000,
)
TESTS = 60
WORSE_BY = 1.5
"""Percentage points of RMSPE that a disturbed sweep may lose."""
FAR_OFF = 0.10
"""Relative difference from the time in peace that a settled measurement must not have."""
SLOWDOWN = 1.4
SPIN = "while True: pass"
STREAM = "import numpy as np\na, b = np.zeros(2**25), np.zeros(2**25)\nwhile True: np.copyto(a, b)"
"""Copies 256 MB again and again, more than any cache holds."""


class _Slowed(LoadedProbe):
    """A probe that takes longer by a factor that may change from call to call."""

    def __init__(self, loaded: LoadedProbe, machine: "SlowedRunner") -> None:
        self._loaded = loaded
        self._machine = machine
        self._factors: list[float] = []

    def call(self) -> float:
        self._factors.append(self._machine.factor)
        return self._loaded.call() * self._factors[-1]

    def finish(self) -> CallTimes:
        times = self._loaded.finish()
        kernel, usual, wall = (
            [seconds * factor for seconds, factor in zip(series, self._factors, strict=True)]
            for series in (times.kernel, times.usual or times.kernel, times.wall)
        )
        return CallTimes(wall, kernel, usual)

    def close(self) -> None:
        self._loaded.close()


class SlowedRunner(OnnxRuntimeRunner):
    """This computer, slower from the middle of the sweep on: clocks cannot be set here, so that times are stretched."""

    factor = 1.0
    loads = 0

    def load(self, probe: Probe, *, profiled: bool = True) -> LoadedProbe:  # type: ignore[override]
        self.loads += profiled
        if self.loads > (PLAN.limit or 0) / 2:
            self.factor = SLOWDOWN
        return _Slowed(super().load(probe, profiled=profiled), self)


@contextmanager
def busy(program: str, cpu: int) -> Iterator[None]:
    """Another process that runs a Python program on a CPU."""
    pinned = f"import os\nos.sched_setaffinity(0, {{{cpu}}})\n{program}"
    with subprocess.Popen([sys.executable, "-c", pinned]) as process:
        try:
            yield
        finally:
            process.kill()


class Disturbance(msgspec.Struct, frozen=True):
    """What goes on during a sweep."""

    name: str
    program: str = ""
    is_here: bool = False
    is_slowed: bool = False

    def at_work(self, here: int, elsewhere: int) -> AbstractContextManager[None]:
        """What to sweep within.

        Args:
            here, elsewhere: the CPU that the sweep runs on, and another one.
        """
        return busy(self.program, here if self.is_here else elsewhere) if self.program else nullcontext()


DISTURBANCES = (
    Disturbance("a process on another CPU", SPIN),
    Disturbance("a process that fills the memory's bandwidth", STREAM),
    Disturbance("a process on the same CPU", SPIN, is_here=True),
    Disturbance(f"a slowdown by {SLOWDOWN} from the middle on", is_slowed=True),
)


def disturbed_sweeps() -> Iterator[Row]:
    """Every disturbance, each against one sweep in peace.

    Test layers are visited before the first sweep and after each: what layers take that fetch weights depends on what others
    use of the memory outside of this computer, too, and that changes within minutes.
    """
    allowed = sorted(os.sched_getaffinity(0))
    if len(allowed) < 2:
        yield Row("15", "disturbed sweeps", "two CPUs", "this process may run on one only", None)
        return
    elsewhere, here = allowed[:2]
    points = drawn(PLAN, TESTS, np.random.default_rng())
    with OnnxRuntimeRunner(affinity=(here,)) as runner, Timer(runner, runner.reference(PLAN.usual()), POLICY) as timer:
        tests = Visits([PLAN.probe_at(point) for point in points], timer)
        tests.pass_over_all()
        peaceful = swept(PLAN, timer)
        tests.pass_over_all()
        yield _unseen("in peace", "", peaceful, timer)
        disturbed = []
        for disturbance in DISTURBANCES:
            disturbed.append(_swept_beside(disturbance, here, elsewhere))
            tests.pass_over_all()
            yield _unseen(f"beside {disturbance.name}", "none", disturbed[-1], timer)
        tests.make_sure()
    truth = tests.measurements()
    least = _error(peaceful, truth)
    yield Row("15", "conv2d 3x3, swept in peace", "", f"RMSPE {least:.1f} %", None)
    for disturbance, found in zip(DISTURBANCES, disturbed, strict=True):
        error = _error(found, truth)
        target = f"<= {least + WORSE_BY:.1f} %"
        yield Row("15", f"the same beside {disturbance.name}", target, f"RMSPE {error:.1f} %", error <= least + WORSE_BY)


def _swept_beside(disturbance: Disturbance, here: int, elsewhere: int) -> Sweep:
    """A sweep while something else goes on."""
    make = SlowedRunner if disturbance.is_slowed else OnnxRuntimeRunner
    with (
        make(affinity=(here,)) as runner,
        Timer(runner, runner.reference(PLAN.usual()), POLICY) as timer,
        disturbance.at_work(here, elsewhere),
    ):
        return swept(PLAN, timer)


def _unseen(what: str, target: str, found: Sweep, timer: Timer) -> Row:
    """How many points of a sweep are far off what they take in peace afterwards, and not graded so; no target where empty."""
    again = timed([entry.probe for entry in found.measurements], timer)
    off = _far_off(found.measurements, again)
    unseen = sum(entry.grade == "settled" for entry in off)
    seen = f"{unseen} of {len(found.measurements)} points, {len(off)} of all grades"
    what = f"{what}: off by more than {100 * FAR_OFF:.0f} % and graded settled"
    return Row("15", what, target, seen, unseen == 0 if target else None)


def _error(found: Sweep, truth: Sequence[Measurement]) -> float:
    """RMSPE in percent of a sweep's formula at layers timed in peace."""
    (layer,) = fit_device([found], "now", "bench").layers
    return rmspe(relative_errors(layer, truth))


def _far_off(found: Sequence[Measurement], again: Sequence[Measurement]) -> list[Measurement]:
    """The measurements that differ much from the second ones, both at one speed of the reference."""
    pairs = zip(found, again, strict=True)
    return [first for first, second in pairs if abs(first.at_speed(1.0) / second.at_speed(1.0) - 1.0) > FAR_OFF]
