"""Sweep files: damaged lines, values that cannot be and sweeps of something else are refused, with the place."""

from pathlib import Path

import msgspec
import pytest

from blackthorn.errors import BadFile, BadValue, CannotWrite, WrongDevice
from blackthorn.records import Range
from blackthorn.storage import open_sweep, read_sweep
from blackthorn.sweeping import SweepPlan
from tests.examples import DEVICE, a_header, a_measurement, a_probe
from tests.storage.sweep_files import write


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sweep of three points."""
    return write(tmp_path / "sweeps" / "board" / "sweep.jsonl", 1, 17, 33)


@pytest.mark.parametrize(
    "foreign", [b"# notes", b"notes\n", b"{}", b'{"device": 3}\n', b'["x"]\n', b"\n", b"[" * 100_000 + b"\n"]
)
def test_a_file_that_is_no_sweep_is_left_alone(path: Path, foreign: bytes) -> None:
    path.write_bytes(foreign)
    with pytest.raises(BadFile, match=r"line 1 of .*sweep.jsonl"):
        open_sweep(path, a_header())
    with pytest.raises(BadFile, match=r"line 1 of .*sweep.jsonl"):
        read_sweep(path)
    assert path.read_bytes() == foreign


@pytest.mark.parametrize("line", [2, 3])
@pytest.mark.parametrize("damage", [b"", b"{", b"\xff\xfe", b"{}", b"12", b'{"probe":'], ids=repr)
def test_a_damaged_line_in_the_middle_is_refused_with_its_number(path: Path, line: int, damage: bytes) -> None:
    lines = path.read_bytes().split(b"\n")
    lines[line - 1] = damage
    path.write_bytes(b"\n".join(lines))
    for reader in (read_sweep, lambda where: open_sweep(where, a_header())):
        with pytest.raises(BadFile, match=f"line {line} of .*sweep.jsonl"):
            reader(path)


def test_a_last_line_that_is_whole_but_wrong_is_refused(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b'{"probe": {}}\n')
    with pytest.raises(BadFile, match=r"line 5 of .*sweep.jsonl"):
        read_sweep(path)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("seconds", 0.0),
        ("seconds", -1e-3),
        ("wall_seconds", -1e-9),
        ("reference_seconds", 0),
        ("relative_error", -0.1),
        ("calls", 0),
        ("grade", "excellent"),
        ("seconds", "1 ms"),
    ],
)
def test_a_measurement_that_cannot_be_is_refused(path: Path, field: str, value: object) -> None:
    line = msgspec.to_builtins(a_measurement(2)) | {field: value}
    with path.open("ab") as file:
        file.write(msgspec.json.encode(line) + b"\n")
    with pytest.raises(BadFile, match=f"line 5 of .*{field}"):
        read_sweep(path)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 0.0, -1.0])
def test_a_measurement_that_cannot_be_is_not_written(path: Path, value: float) -> None:
    before = path.read_bytes()
    with open_sweep(path, a_header()) as file:
        with pytest.raises(BadValue, match="seconds"):
            file.append(msgspec.structs.replace(a_measurement(2), seconds=value))
        assert len(file.measurements) == 3
    assert path.read_bytes() == before


@pytest.mark.parametrize("change", [{"layer": "dense"}, {"precision": "fp16"}, {"dimensions": {"filters": 2, "channels": 17}}])
def test_a_measurement_of_another_sweep_is_not_mixed_in(path: Path, change: dict[str, object]) -> None:
    stranger = msgspec.structs.replace(a_measurement(2), probe=msgspec.structs.replace(a_measurement(2).probe, **change))
    with open_sweep(path, a_header()) as file, pytest.raises(BadValue, match="in a sweep"):
        file.append(stranger)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(stranger) + b"\n")
    with pytest.raises(BadFile, match=r"line 5 of .* in a sweep"):
        read_sweep(path)


def test_timings_of_another_device_are_refused(path: Path) -> None:
    other = msgspec.structs.replace(DEVICE, name="other-onnxruntime-1")
    with pytest.raises(WrongDevice, match="board-onnxruntime-1, not of other-onnxruntime-1"):
        open_sweep(path, a_header(device=other))


@pytest.mark.parametrize(
    ("name", "plan"),
    [
        ("axes", SweepPlan("conv2d", {"kernel": Range(1, 3)}, {"channels": 16, "height": 8})),
        ("fixed", SweepPlan("conv2d", {"filters": Range(1, 64)}, {"channels": 17, "height": 8})),
        ("precision", SweepPlan("conv2d", {"filters": Range(1, 64)}, {"channels": 16, "height": 8}, precision="fp16")),
    ],
)
def test_another_sweep_in_the_file_is_refused(path: Path, name: str, plan: SweepPlan) -> None:
    with pytest.raises(BadFile, match=rf"another sweep \({name}"):
        open_sweep(path, a_header(plan))


@pytest.mark.parametrize(("name", "value"), [("layer", "dense"), ("reference", a_probe(1))])
def test_another_layer_or_reference_is_refused(path: Path, name: str, value: object) -> None:
    with pytest.raises(BadFile, match=rf"another sweep \({name}"):
        open_sweep(path, msgspec.structs.replace(a_header(), **{name: value}))


@pytest.mark.parametrize(
    "change",
    [
        {"axes": ()},
        {"axes": ("filters", "filters")},
        {"axes": ("channels",)},
        {"fixed": {"kernel": 0}},
        {"fixed": {"kernel": 2**40}},
    ],
    ids=str,
)
def test_a_header_that_cannot_be_is_neither_written_nor_read(tmp_path: Path, change: dict[str, object]) -> None:
    header = msgspec.structs.replace(a_header(), **change)
    path = tmp_path / "sweep.jsonl"
    with pytest.raises(BadValue, match="cannot begin"):
        open_sweep(path, header)
    assert not path.exists()
    path.write_bytes(msgspec.json.encode(header) + b"\n")
    with pytest.raises(BadFile, match=r"line 1 of .* cannot be right"):
        read_sweep(path)


@pytest.mark.parametrize("change", [{"name": " "}, {"threads": 0}])
def test_a_device_without_a_name_or_threads_is_refused(tmp_path: Path, change: dict[str, object]) -> None:
    with pytest.raises(BadValue, match="the device has"):
        open_sweep(tmp_path / "sweep.jsonl", a_header(device=msgspec.structs.replace(DEVICE, **change)))


@pytest.mark.parametrize("where", ["file/sweep.jsonl", "folder"])
def test_places_that_cannot_hold_a_sweep(tmp_path: Path, where: str) -> None:
    (tmp_path / "file").write_text("")
    (tmp_path / "folder").mkdir()
    with pytest.raises(CannotWrite, match=r"cannot be written: .*; choose a"):
        open_sweep(tmp_path / where, a_header())


def test_places_that_hold_no_sweep(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match="there is no file"):
        read_sweep(tmp_path / "missing.jsonl")
    with pytest.raises(BadFile, match="is not a file"):
        read_sweep(tmp_path)
    with pytest.raises(BadFile, match="name too long"):
        read_sweep(tmp_path / ("x" * 300))
