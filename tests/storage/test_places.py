"""Names of files and folders, and how sweeps are found."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blackthorn.errors import BadFile
from blackthorn.storage import device_folder, find_sweeps, model_path
from blackthorn.storage.places import safe_name
from tests.strategies import QUICK


def touch(path: Path, content: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content)
    return path


def test_sweeps_are_found_in_all_folders_below_each_once(tmp_path: Path) -> None:
    expected = [touch(tmp_path / "a" / "z.jsonl"), touch(tmp_path / "b" / "deep" / "y.jsonl"), touch(tmp_path / "x.jsonl")]
    touch(tmp_path / "notes.json")
    touch(tmp_path / "killed.jsonl", "")
    (tmp_path / "folder.jsonl").mkdir()
    assert find_sweeps([tmp_path]) == expected
    assert find_sweeps([tmp_path / "b", tmp_path, tmp_path / "a" / ".."]) == expected
    assert find_sweeps([tmp_path / "x.jsonl"]) == expected[-1:]


def test_a_folder_given_twice_in_two_ways_counts_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    touch(tmp_path / "sweeps" / "x.jsonl")
    monkeypatch.chdir(tmp_path)
    assert len(find_sweeps([Path("sweeps"), tmp_path / "sweeps"])) == 1


def test_nothing_found_is_said(tmp_path: Path) -> None:
    with pytest.raises(BadFile, match=r"no sweep .* in .*; make one with: blackthorn sweep"):
        find_sweeps([tmp_path])
    with pytest.raises(BadFile, match=r"no sweep .* in no folder"):
        find_sweeps([])
    with pytest.raises(BadFile, match=r"there is no folder .*missing"):
        find_sweeps([tmp_path, tmp_path / "missing"])
    with pytest.raises(BadFile, match="name too long"):
        find_sweeps([tmp_path / ("x" * 300)])


@QUICK
@given(st.text(max_size=200))
def test_any_device_name_makes_a_plain_file_name(name: str) -> None:
    plain = safe_name(name)
    assert plain not in ("", ".", "..")
    assert Path(plain).name == plain
    assert plain.isascii()
    assert plain.isprintable()
    assert len(plain) <= 120
    assert safe_name(plain) == plain
    assert device_folder(Path("sweeps"), name).parent == Path("sweeps")
    assert model_path(Path("models"), name).parent == Path("models")


def test_ordinary_device_names_stay_as_they_are() -> None:
    assert device_folder(Path("sweeps"), "xeon-8375c-onnxruntime-1t") == Path("sweeps/xeon-8375c-onnxruntime-1t")
    assert model_path(Path("models"), "Jetson Nano / TensorRT 8.5") == Path("models/Jetson-Nano-TensorRT-8.5.json")
