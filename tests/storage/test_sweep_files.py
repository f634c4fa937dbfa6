"""Sweep files: what is appended stays, and what was cut short is taken up where it was left."""

import errno
import os
import stat
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.errors import BadFile, BadValue, CannotWrite, WrongDevice
from blackthorn.records import Measurement, Sweep, merged_visits
from blackthorn.storage import open_sweep, read_sweep
from tests.examples import DEVICE, a_header, a_measurement
from tests.storage.sweep_files import filters_in, write
from tests.strategies import QUICK, sweeps


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A sweep of three points."""
    return write(tmp_path / "sweeps" / "board" / "sweep.jsonl", 1, 17, 33)


@QUICK
@given(sweeps())
def test_a_sweep_round_trips(tmp_path: Path, sweep: Sweep) -> None:
    path = tmp_path / "sweep.jsonl"
    path.unlink(missing_ok=True)
    with open_sweep(path, sweep.header) as file:
        for measurement in sweep.measurements:
            file.append(measurement)
        assert file.measurements == sweep.measurements
    assert read_sweep(path) == sweep
    with open_sweep(path, sweep.header) as file:
        assert (file.header, file.measurements) == (sweep.header, sweep.measurements)


def test_every_line_is_on_the_disk_when_append_returns(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    synced: list[tuple[bool, int]] = []
    sync = os.fsync

    def noticed(handle: int) -> None:
        sync(handle)
        status = os.fstat(handle)
        synced.append((stat.S_ISDIR(status.st_mode), status.st_size))

    monkeypatch.setattr(os, "fsync", noticed)
    with open_sweep(tmp_path / "new" / "sweep.jsonl", a_header()) as file:
        folders = sum(is_folder for is_folder, _ in synced)
        assert folders == 2  # the folder's own entry in the one above, and the file's entry in the folder
        for number in (1, 2):
            file.append(a_measurement(number))
            assert synced[-1] == (False, file.path.stat().st_size)
    assert len(synced) == folders + 3


def test_a_sweep_is_taken_up_where_it_was_left(path: Path) -> None:
    later = msgspec.structs.replace(a_header(), created_at="2026-01-01T00:00:00+00:00", made_by="blackthorn 9")
    with open_sweep(path, later) as file:
        assert file.header == a_header()
        assert file.measurements == tuple(map(a_measurement, (1, 17, 33)))
        file.append(a_measurement(2))
    assert filters_in(path) == [1, 17, 33, 2]


def test_a_sweep_cut_anywhere_loses_at_most_the_line_in_hand(path: Path) -> None:
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    line_ends = [place + near for place, byte in enumerate(whole) if byte == ord("\n") for near in (-1, 0, 1)]
    for cut in sorted({*range(0, len(whole), 37), *line_ends}):
        path.write_bytes(whole[:cut])
        lines = whole[:cut].count(b"\n")
        if cut >= first:
            assert len(filters_in(path)) - (lines - 1) in (0, 1)
        with open_sweep(path, a_header()) as file:
            kept = {measurement.probe.dimensions["filters"] for measurement in file.measurements}
            assert len(kept) >= lines - 1
            for number in (1, 17, 33):
                if number not in kept:
                    file.append(a_measurement(number))
        assert path.read_bytes() == whole


def test_zeros_after_a_power_cut_are_cut_off(path: Path) -> None:
    whole = path.read_bytes()
    path.write_bytes(whole + b"\0" * 100)
    assert filters_in(path) == [1, 17, 33]
    write(path)
    assert path.read_bytes() == whole
    path.write_bytes(b"\0" * 100)
    write(path, 1, 17, 33)
    assert path.read_bytes() == whole


def test_a_sweep_without_its_first_line_is_no_sweep_yet(path: Path) -> None:
    for begun in (b"", b'{"dev', a_header_start()):
        path.write_bytes(begun)
        with pytest.raises(BadFile, match="holds no sweep yet"):
            read_sweep(path)
        write(path, 5)
        assert filters_in(path) == [5]


def a_header_start() -> bytes:
    return msgspec.json.encode(a_header())[:-20]


def test_no_point_is_doubled(path: Path) -> None:
    again = msgspec.structs.replace(a_measurement(17), seconds=9.0)
    with open_sweep(path, a_header()) as file:
        with pytest.raises(BadValue, match="already"):
            file.append(again)
        file.append(a_measurement(2))
        with pytest.raises(BadValue, match="already"):
            file.append(a_measurement(2))
    assert filters_in(path) == [1, 17, 33, 2]


def test_two_lines_of_a_point_count_as_one_in_the_place_of_the_first(path: Path) -> None:
    again = msgspec.structs.replace(a_measurement(17), calls=30)
    with path.open("ab") as file:
        file.write(msgspec.json.encode(again) + b"\n")
    assert read_sweep(path).measurements == (a_measurement(1), merged_visits([a_measurement(17), again]), a_measurement(33))


def test_a_line_that_stands_there_twice_counts_once(path: Path) -> None:
    with path.open("ab") as file:
        file.write(msgspec.json.encode(a_measurement(17)) + b"\n")
    assert read_sweep(path).measurements == (a_measurement(1), a_measurement(17), a_measurement(33))


def test_the_same_device_with_other_versions_goes_on(path: Path) -> None:
    newer = msgspec.structs.replace(DEVICE, versions={"onnxruntime": "9"}, details={"governor": "performance"})
    with open_sweep(path, a_header(device=newer)) as file:
        assert file.header.device == DEVICE


def test_two_processes_do_not_write_one_file(path: Path) -> None:
    pytest.importorskip("fcntl", reason="this system has no file locks")
    with open_sweep(path, a_header()), pytest.raises(CannotWrite, match="being written by another process"):
        open_sweep(path, a_header())
    with open_sweep(path, a_header()) as file:
        assert len(file.measurements) == 3


def test_a_refused_file_is_not_left_locked(path: Path) -> None:
    with pytest.raises(WrongDevice):
        open_sweep(path, a_header(device=msgspec.structs.replace(DEVICE, name="other")))
    write(path, 2)
    assert filters_in(path) == [1, 17, 33, 2]


def test_a_file_system_without_locks_will_do(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    fcntl = pytest.importorskip("fcntl", reason="this system has no file locks")

    def refuse(*_: object) -> None:
        raise OSError(errno.ENOLCK, os.strerror(errno.ENOLCK))

    monkeypatch.setattr(fcntl, "flock", refuse)
    write(path, 2)
    assert filters_in(path) == [1, 17, 33, 2]


def test_a_full_disk_leaves_whole_lines(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with open_sweep(path, a_header()) as file:
        with monkeypatch.context() as patch:
            patch.setattr(os, "fsync", full)
            with pytest.raises(CannotWrite, match="no space left on device; free some space"):
                file.append(a_measurement(2))
        assert path.read_bytes() == before
        file.append(a_measurement(2))
    assert filters_in(path) == [1, 17, 33, 2]


def test_files_edited_on_windows_are_read(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"\n", b"\r\n"))
    assert filters_in(path) == [1, 17, 33]


@QUICK
@given(st.lists(st.integers(1, 64), unique=True, max_size=8), st.data())
def test_any_order_of_stops_and_starts_gives_the_same_file(tmp_path: Path, filters: list[int], data: st.DataObject) -> None:
    path = tmp_path / "sweep.jsonl"
    path.unlink(missing_ok=True)
    rest = list(filters)
    while rest:
        count = data.draw(st.integers(1, len(rest)))
        write(path, *rest[:count])
        rest = rest[count:]
    expected: list[Measurement] = [a_measurement(number) for number in filters]
    assert not filters or list(read_sweep(path).measurements) == expected


def test_all_visits_of_a_point_are_kept_and_read_as_one(path: Path) -> None:
    again = msgspec.structs.replace(a_measurement(17), calls=30)
    both = merged_visits([a_measurement(17), again])
    with open_sweep(path, read_sweep(path).header) as file:
        assert file.visit(again) == both
        assert file.measurements[1] == both
        assert file.visits(again.probe.key) == (a_measurement(17), again)
    assert read_sweep(path).measurements == (a_measurement(1), both, a_measurement(33))
    with open_sweep(path, read_sweep(path).header) as file:
        assert file.visits(again.probe.key) == (a_measurement(17), again)
        assert file.visits("another") == ()


def test_only_a_point_that_is_there_can_be_visited_again(path: Path) -> None:
    with open_sweep(path, read_sweep(path).header) as file, pytest.raises(BadValue, match="append it"):
        file.visit(a_measurement(49))
