"""What a preset visits again when all of its sweeps are made."""

import itertools
from pathlib import Path

import msgspec
import pytest

from blackthorn.cli.preset_visits import visit_again
from blackthorn.formulas import Constant
from blackthorn.records import Grade, Measurement, Probe, SweepHeader
from blackthorn.runners.simulated import SimulatedRunner
from blackthorn.storage import open_sweep
from blackthorn.sweeping import sweep_path
from blackthorn.timing import Timer, TimingPolicy
from tests.examples import a_header, a_measurement, a_probe

SECONDS = a_measurement(1, None).seconds


def begun(folder: Path, grades: list[Grade], reference: Probe | None = None) -> SweepHeader:
    """A sweep file that holds a timing of each grade, of 1, 2, 3 filters and so on."""
    header = msgspec.structs.replace(a_header(), reference=reference)
    with open_sweep(sweep_path(folder, header), header) as file:
        for filters, grade in enumerate(grades, start=1):
            measurement = a_measurement(filters, None if reference is None else 2e-3)
            file.append(msgspec.structs.replace(measurement, grade=grade, relative_error=0.025))
    return header


def visits(folder: Path, header: SweepHeader) -> list[int]:
    """How many visits each of its points has in the end."""
    device = SimulatedRunner({"conv2d": Constant(SECONDS)})
    with device, Timer(device, header.reference) as machine:
        assert not visit_again([header, header], device, TimingPolicy(most_seconds=0.1), folder, machine)
    with open_sweep(sweep_path(folder, header), header) as file:
        return [len(file.visits(measurement.probe.key)) for measurement in file.measurements]


def test_unsteady_points_are_visited_until_they_are_settled(tmp_path: Path) -> None:
    assert visits(tmp_path, begun(tmp_path, ["settled", "noisy", "settled", "drifting"])) == [1, 2, 1, 2]


def test_points_that_stay_unsteady_are_visited_as_often_as_is_allowed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = itertools.count(20)

    def unsteady(_: Timer, probe: Probe) -> Measurement:
        return msgspec.structs.replace(
            a_measurement(2, None), probe=probe, grade="noisy", relative_error=0.025, calls=next(calls)
        )

    monkeypatch.setattr(Timer, "measure", unsteady)
    header = begun(tmp_path, ["settled", "noisy", "settled"])
    assert visits(tmp_path, header) == [1, 3, 1]
    assert visits(tmp_path, header) == [1, 3, 1]


def test_the_reference_is_visited_beside_them(tmp_path: Path) -> None:
    header = begun(tmp_path, ["settled", "noisy"], reference=a_probe(1))
    assert visits(tmp_path, header)[0] > 1  # both passes say the same, which counts as one visit within a second, as two else
