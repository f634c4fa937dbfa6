"""Which points are timed within small footprints, and how often."""

from pathlib import Path

import msgspec
import pytest

from blackthorn.layers import layer_kind
from blackthorn.records import Measurement, Probe, Range
from blackthorn.storage import SweepFile, open_sweep
from blackthorn.sweeping import SweepPlan, small_footprints
from tests.examples import a_header, a_measurement

PLAN = SweepPlan("conv2d", {"channels": Range(16, 1024, 16)}, {"filters": 256, "size": 7, "kernel": 1})
CHANNELS = (16, 128, 512, 1024)
"""Of so many bytes of weights: 16 KiB to 1 MiB."""


def measured(probe: Probe) -> Measurement:
    """As long as the channels are many, and a little longer, so that layers with many of them fetch most a second."""
    seconds = 1e-5 + 1e-7 * probe.dimensions.get("channels", 0)
    return msgspec.structs.replace(a_measurement(1), probe=probe, seconds=seconds, wall_seconds=seconds)


def begun(folder: Path, plan: SweepPlan = PLAN, values: tuple[int, ...] = CHANNELS) -> SweepFile:
    file = open_sweep(folder / "sweep.jsonl", a_header(plan))
    (axis,) = plan.axes
    for value in values:
        file.append(measured(plan.probe_at({axis: value})))
    return file


def test_those_that_fetch_most_weights_a_second_are_chosen(tmp_path: Path) -> None:
    with begun(tmp_path) as file:
        chosen = small_footprints(file, 2)
    assert [(probe.dimensions["channels"], probe.footprint) for probe in chosen] == [
        *((1024, footprint) for footprint in (2, 4, 8, 16)),
        *((512, footprint) for footprint in (2, 4, 8, 16)),
    ]
    kind = layer_kind("conv2d")
    copies = [kind.copies(probe.dimensions, probe.precision, probe.footprint) for probe in chosen]
    assert copies == [2, 4, 8, 16, 4, 8, 16, 32]


def test_what_was_begun_is_ended_and_not_done_again(tmp_path: Path) -> None:
    with begun(tmp_path) as file:
        slow = file.measurements[2].probe
        file.append(measured(msgspec.structs.replace(slow, footprint=4)))
        rest = small_footprints(file, 1)
        assert {(probe.dimensions["channels"], probe.footprint) for probe in rest} == {(512, 2), (512, 8), (512, 16)}
        for probe in rest:
            file.append(measured(probe))
        assert small_footprints(file, 1) == []


@pytest.mark.parametrize("points", [0, 3])
def test_layers_without_weights_have_no_footprint(tmp_path: Path, points: int) -> None:
    plan = SweepPlan("relu", {"elements": Range(1000, 100000, 1000)})
    with begun(tmp_path, plan, (1000, 50000)) as file:
        assert small_footprints(file, points) == []


def test_layers_of_many_weights_have_the_same_footprint_always(tmp_path: Path) -> None:
    plan = SweepPlan("conv2d", {"channels": Range(16, 1024, 16)}, {"filters": 1024, "size": 7, "kernel": 3})
    with begun(tmp_path, plan, (512, 1024)) as file:
        assert small_footprints(file, 2) == []
