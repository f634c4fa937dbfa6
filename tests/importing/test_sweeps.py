"""Imported layers as sweeps: which come together, what repeats are merged to, and what is written."""

from pathlib import Path

import pytest

from blackthorn.errors import WrongDevice
from blackthorn.fitting import fit_device
from blackthorn.importing import ImportedLayer, class_sweeps, write
from blackthorn.importing.sweeps import ASSUMED_ERROR, merged
from blackthorn.layers import layer_kind
from blackthorn.records import Device, Sweep
from blackthorn.storage import read_sweep

BOARD = Device("board", "trtexec", "a board", 1)


def layer(seconds: float = 1e-3, kind: str = "conv2d", error: float | None = None, **dimensions: int) -> ImportedLayer:
    return ImportedLayer("n", seconds, 10, layer_kind(kind).probe_at(dimensions), relative_error=error)


def sweeps(*layers: ImportedLayer, moved: frozenset[str] = frozenset(), device: Device = BOARD) -> list[Sweep]:
    return class_sweeps(layers, moved, device, "2025-01-01T00:00:00+00:00", "tests")


def test_kernels_strides_groups_and_batches_make_classes() -> None:
    found = sweeps(
        layer(filters=8),
        layer(filters=16),
        layer(kernel=1),
        layer(stride=2),
        layer(groups=2),
        layer(batch=8),
        layer(kind="relu", elements=100),
    )
    assert [len(sweep.measurements) for sweep in found] == [2, 1, 1, 1, 1, 1]
    assert {sweep.header.axes for sweep in found} == {("filters", "channels", "size"), ("elements",)}


def test_a_dimension_can_be_made_to_move() -> None:
    (found,) = sweeps(layer(batch=1), layer(batch=8), moved=frozenset({"batch"}))
    assert found.header.axes == ("filters", "channels", "size", "batch")
    assert "batch" not in found.header.fixed


def test_images_that_are_not_square_move_along_both_axes() -> None:
    (found,) = sweeps(layer(height=7, width=14), layer(size=28))
    assert found.header.axes == ("filters", "channels", "height", "width")


def test_no_sweep_has_a_reference() -> None:
    (found,) = sweeps(layer())
    assert found.header.reference is None
    assert found.measurements[0].reference_seconds is None
    assert fit_device([found], "", "").layers[0].reference is None


def test_repeats_are_merged_to_their_median_and_tell_the_error() -> None:
    found = merged([layer(1.0e-3), layer(1.1e-3), layer(3.0e-3)], "")
    assert found.seconds == found.wall_seconds == 1.1e-3
    assert found.calls == 30
    assert found.relative_error == pytest.approx(1.2533 * 1.1269e-3 / 1.1e-3 / 3**0.5, rel=1e-3)
    assert found.grade == "noisy"


def test_a_single_timing_is_as_good_as_the_file_says() -> None:
    assert merged([layer(error=0.004)], "").grade == "settled"
    assert merged([layer(error=0.04)], "").grade == "noisy"
    untold = merged([layer()], "")
    assert (untold.relative_error, untold.grade) == (ASSUMED_ERROR, "noisy")


def test_equal_repeats_are_settled_unless_one_is_said_to_scatter() -> None:
    assert merged([layer(), layer()], "").grade == "settled"
    assert merged([layer(), layer(error=0.1)], "").relative_error == 0.1


def test_layers_without_a_kind_or_a_time_are_in_no_sweep() -> None:
    assert sweeps(layer(0.0), ImportedLayer("n", 1e-3, 1, None, "why")) == []


def test_what_is_imported_twice_is_there_once_and_what_differs_is_another_visit(tmp_path: Path) -> None:
    (first,), (second,) = sweeps(layer(1e-3), layer(filters=8)), sweeps(layer(1.2e-3))
    path = write(first, tmp_path)
    size = path.stat().st_size
    assert write(first, tmp_path) == path
    assert path.stat().st_size == size
    write(second, tmp_path)
    size = path.stat().st_size
    write(second, tmp_path)
    assert path.stat().st_size == size
    assert [measurement.seconds for measurement in read_sweep(path).measurements] == pytest.approx([1.1e-3, 1e-3], rel=1e-2)


def test_a_sweep_of_another_device_is_not_mixed_in(tmp_path: Path) -> None:
    (ours,), (theirs,) = sweeps(layer()), sweeps(layer(), device=Device("board.", "trtexec", "another", 1))
    write(ours, tmp_path)
    with pytest.raises(WrongDevice):
        write(theirs, tmp_path)
