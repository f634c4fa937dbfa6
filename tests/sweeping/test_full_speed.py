"""References measured at full speed: when, how often, and which timing is kept."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from blackthorn.errors import NotMeasured
from blackthorn.records import Measurement, Probe, SweepHeader
from blackthorn.runners.simulated import SimulatedRunner
from blackthorn.storage import open_sweep, read_sweep
from blackthorn.sweeping import measure_reference
from blackthorn.sweeping.full_speed import ATTEMPTS, PATIENCE
from blackthorn.timing import Timer
from tests.examples import a_header, a_measurement, a_probe

REFERENCE = a_probe(40)


class Acted(Timer):
    """A timer whose measurements and waits are written down beforehand.

    Args:
        reference: what it says that it times around every round.
        speeds: what the reference takes in one measurement after the other, in seconds; nothing can be measured after them.
        waits: whether full speed comes, one wait after the other.
    """

    def __init__(self, reference: Probe | None = REFERENCE, speeds: Sequence[float] = (), waits: Sequence[bool] = ()) -> None:
        super().__init__(SimulatedRunner({}), reference)
        self.speeds = list(speeds)
        self.waits = list(waits)
        self.waited: list[float] = []

    def measure(self, probe: Probe) -> Measurement:
        if not self.speeds:
            raise NotMeasured("it does not run here", "choose another layer")
        return msgspec.structs.replace(a_measurement(40, self.speeds.pop(0)), probe=probe)

    def await_full_speed(self, seconds: float) -> bool:
        self.waited.append(seconds)
        return self.waits.pop(0)


def measured(
    path: Path, timer: Timer, machine: Timer, reference: Probe | None = REFERENCE, *before: Measurement
) -> tuple[Measurement, ...]:
    """What a sweep's file holds afterwards."""
    header: SweepHeader = msgspec.structs.replace(a_header(), reference=reference)
    with open_sweep(path / "sweep.jsonl", header) as file:
        for measurement in before:
            file.append(measurement)
        measure_reference(file, timer, machine)
    return read_sweep(path / "sweep.jsonl").measurements


def test_the_reference_is_measured_once_the_machine_is_at_full_speed(tmp_path: Path) -> None:
    machine = Acted(waits=[True, True])
    (kept,) = measured(tmp_path, Acted(speeds=[1e-3]), machine)
    assert kept.probe == REFERENCE
    assert kept.reference_seconds == 1e-3
    assert machine.waited == [PATIENCE, 0.0]


def test_where_the_machine_slows_down_meanwhile_it_is_measured_again_and_the_fastest_is_kept(tmp_path: Path) -> None:
    (kept,) = measured(tmp_path, Acted(speeds=[1.3e-3, 1.1e-3, 1.2e-3, 1e-3]), Acted(waits=[True, False] * ATTEMPTS))
    assert kept.reference_seconds == 1.1e-3


def test_what_the_file_holds_is_not_measured_again(tmp_path: Path) -> None:
    held = msgspec.structs.replace(a_measurement(40), probe=REFERENCE)
    assert measured(tmp_path, Acted(), Acted(), REFERENCE, held) == (held,)


@pytest.mark.parametrize("reference", [None, Probe("simulated-reference", {})])
def test_what_is_no_layer_of_the_sweep_is_not_measured(tmp_path: Path, reference: Probe | None) -> None:
    assert measured(tmp_path, Acted(speeds=[1e-3]), Acted(waits=[True, True]), reference) == ()


def test_a_machine_that_does_not_drift_has_no_full_speed(tmp_path: Path) -> None:
    assert measured(tmp_path, Acted(speeds=[1e-3]), Acted(None)) == ()


def test_a_reference_that_cannot_run_is_left_out(tmp_path: Path) -> None:
    assert measured(tmp_path, Acted(), Acted(waits=[True])) == ()
