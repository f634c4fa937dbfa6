"""What the parts of a preset's sweeps have in common."""

import itertools
from pathlib import Path

import msgspec
import pytest

from blackthorn.cli.preset_parts import PARTS, made_in_parts
from blackthorn.formulas import Constant
from blackthorn.records import Measurement, Probe
from blackthorn.runners.simulated import SimulatedRunner
from blackthorn.storage import open_sweep
from blackthorn.sweeping import sweep_path
from blackthorn.timing import Timer, TimingPolicy
from tests.examples import PLAN, a_header, a_measurement, a_probe

POINTS = 6


def test_parts_are_one_outcome_and_the_reference_is_visited_once_in_each(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = itertools.count(1)

    def timed(_: Timer, probe: Probe) -> Measurement:
        return msgspec.structs.replace(a_measurement(probe.dimensions["filters"]), probe=probe, calls=next(calls))

    monkeypatch.setattr(Timer, "measure", timed)
    plan = msgspec.structs.replace(PLAN, limit=POINTS)
    header = msgspec.structs.replace(a_header(plan), reference=a_probe(5))
    device = SimulatedRunner({"conv2d": Constant(1e-3)})
    with device, Timer(device, header.reference) as machine:
        (outcome,) = made_in_parts([(plan, header)], device, TimingPolicy(), tmp_path, machine)
    assert outcome is not None
    with open_sweep(sweep_path(tmp_path, header), header) as file:
        assert len(file.visits(a_probe(5).key)) == PARTS
        assert outcome.known + outcome.measured == len(file.measurements) == POINTS
