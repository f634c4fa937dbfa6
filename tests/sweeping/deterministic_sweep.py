"""A sweep on a device whose every measurement is decided by its point; run as a program, it can be killed at any moment.

    python -m tests.sweeping.deterministic_sweep FILE

goes on with the sweep in FILE until it is done. It takes a line of standard input before every point, so that whoever started
it sets the pace, until the input ends. It writes `begin` to standard output, then the point of every measurement reported.
"""

import hashlib
import sys
from pathlib import Path

from blackthorn.formulas import Constant, Formula, Linear, Step
from blackthorn.records import Measurement, Probe, Range
from blackthorn.selection import Progress, Selector
from blackthorn.selection.adaptive import DEFAULT_LIMIT, AdaptiveSelector
from blackthorn.storage import open_sweep
from blackthorn.sweeping import SweepPlan, sweep
from tests.examples import a_header

FORMULA: Formula = Step("filters", 16, Constant(2e-4), Linear("channels", Constant(1e-4), Constant(2e-6)))
NOISE = 0.01
DRIFT = 0.2
REFERENCE_SECONDS = 1e-3

LONG = SweepPlan("conv2d", {"filters": Range(1, 256), "channels": Range(1, 128)}, {"height": 8}, limit=44)
"""The plan of the program."""


def measure(probe: Probe) -> Measurement:
    """The formula with noise and drift that are a hash of the point, so that any process measures the same."""
    digest = hashlib.sha256(probe.key.encode()).digest()
    noise, drift = (1 + share * (byte / 127.5 - 1) for share, byte in ((NOISE, digest[0]), (DRIFT, digest[1])))
    seconds = float(FORMULA.evaluate(probe.dimensions)) * noise * drift
    return Measurement(
        probe=probe,
        seconds=seconds,
        wall_seconds=seconds * 1.1,
        reference_seconds=REFERENCE_SECONDS * drift,
        relative_error=NOISE,
        calls=10,
        grade="settled",
        taken_at="2025-01-01T00:00:00+00:00",
    )


def make_selector(plan: SweepPlan) -> Selector:
    """What chooses the points."""
    return AdaptiveSelector(plan.axes, limit=plan.limit or DEFAULT_LIMIT)


def measure_when_told(probe: Probe) -> Measurement:
    """Wait for a line of input, then measure."""
    sys.stdin.readline()
    return measure(probe)


def say(text: str) -> None:
    """Write a line that is seen at once."""
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def report(progress: Progress, measurement: Measurement) -> None:
    """Say which point is kept."""
    say(measurement.probe.key)


def main(path: Path) -> None:
    """Go on with the sweep until it is done."""
    say("begin")
    with open_sweep(path, a_header(LONG)) as file:
        sweep(LONG, make_selector(LONG), measure_when_told, file, report)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
