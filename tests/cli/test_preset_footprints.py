"""What a preset times within small footprints when all of its sweeps are made."""

from pathlib import Path

import msgspec
import pytest

from blackthorn.cli.preset_footprints import time_small_footprints
from blackthorn.formulas import Constant
from blackthorn.records import Range, SweepHeader
from blackthorn.runners.recorded import RecordedRunner
from blackthorn.runners.simulated import SimulatedRunner
from blackthorn.storage import open_sweep, read_sweep
from blackthorn.sweeping import SweepPlan, sweep_path
from blackthorn.timing import TimingPolicy
from tests.examples import a_header, a_measurement

PLAN = SweepPlan("conv2d", {"channels": Range(256, 1024, 256)}, {"filters": 256, "size": 7, "kernel": 1})
POLICY = TimingPolicy(most_seconds=0.1)


class Simulated(SimulatedRunner):
    times_footprints = True


def begun(folder: Path) -> SweepHeader:
    header = a_header(PLAN)
    with open_sweep(sweep_path(folder, header), header) as file:
        for channels in (256, 512, 1024):
            file.append(msgspec.structs.replace(a_measurement(1, None), probe=PLAN.probe_at({"channels": channels})))
    return header


def footprints(folder: Path, header: SweepHeader) -> list[int]:
    return [m.probe.footprint for m in read_sweep(sweep_path(folder, header)).measurements]


def test_points_of_a_file_are_timed_once_more_for_all_of_its_sweeps_together(tmp_path: Path) -> None:
    header = begun(tmp_path)
    with Simulated({"conv2d": Constant(1e-4)}) as device:
        assert not time_small_footprints([(header, 1), (header, 0), (header, 1)], device, POLICY, tmp_path)
        assert footprints(tmp_path, header) == [0, 0, 0, 2, 4, 8, 16, 2, 4, 8, 16]
        assert not time_small_footprints([(header, 2)], device, POLICY, tmp_path)
    assert len(footprints(tmp_path, header)) == 11


def test_devices_without_such_a_thing_time_nothing(tmp_path: Path) -> None:
    header = begun(tmp_path)
    with SimulatedRunner({"conv2d": Constant(1e-4)}) as device:
        assert not time_small_footprints([(header, 1)], device, POLICY, tmp_path)
    assert footprints(tmp_path, header) == [0, 0, 0]


def test_a_recording_that_holds_none_gives_none(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    header = begun(tmp_path)
    with RecordedRunner(read_sweep(sweep_path(tmp_path, header))) as device:
        assert not time_small_footprints([(header, 1)], device, POLICY, tmp_path)
    assert footprints(tmp_path, header) == [0, 0, 0]
    assert "conv2d is known in large networks alone" in capsys.readouterr().err
