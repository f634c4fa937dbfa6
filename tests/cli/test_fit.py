from pathlib import Path

import pytest

from blackthorn.storage import read_model
from tests.cli.conftest import STAIRCASE, Say, write_device

POINTS = "--range filters=1:200:9 --full"


@pytest.fixture
def two_devices(say: Say) -> Say:
    """Sweeps of the boards `board` and `other`, each in its own folder below ./sweeps."""
    write_device("other.json", {"conv2d": STAIRCASE.scaled(3.0)})
    for name in ("board", "other"):
        assert say(f"sweep conv2d --dim filters {POINTS} --formulas {name}.json").code == 0
    return say


def test_all_sweeps_are_fitted_one_model_a_device(two_devices: Say) -> None:
    said = two_devices("fit --json")
    assert said.code == 0
    models = {entry["device"]: entry for entry in said.json["models"]}
    assert models.keys() == {"simulated-board", "simulated-other"}
    for name, entry in models.items():
        assert entry["file"] == f"fitted_models/{name}.json"
        assert read_model(Path(entry["file"])).device.name == name
        assert entry["classes"][0]["rmspe_percent"] < 0.01
    assert not list(Path("fitted_models").glob("*.tmp"))


def test_people_read_class_points_errors_and_formula(fitted: Say) -> None:
    said = fitted("fit")
    assert "conv2d fp32 at channels=64 height=32 kernel=3\n" in said.out
    assert "points, filters 1 to 1024\n" in said.out
    assert "RMSPE 0.0 %, cross-validated 0.0 %\n" in said.out
    assert "latency in ms = 0.2 + (filters - 1) // 32 * 0.05\n" in said.out
    assert "blackthorn predict MODEL.onnx --device fitted_models/simulated-board.json" in said.out


def test_the_model_says_when_and_by_what_it_was_made(fitted: Say) -> None:
    model = read_model(Path("fitted_models/simulated-board.json"))
    assert model.made_by.startswith("blackthorn ")
    assert model.created_at.endswith("+00:00")


def test_one_folder_goes_to_the_file_that_is_named(two_devices: Say) -> None:
    assert two_devices("fit sweeps/simulated-other --out models/other.json").code == 0
    assert read_model(Path("models/other.json")).device.name == "simulated-other"
    assert not Path("fitted_models").exists()


def test_sweeps_of_one_device_in_several_folders_are_fitted_together(say: Say) -> None:
    for folder, kernel in (("monday", 1), ("tuesday", 3)):
        line = f"sweep conv2d --dim filters {POINTS} --at kernel={kernel} --formulas board.json --out {folder}"
        assert say(line).code == 0
    (model,) = say("fit monday tuesday --json").json["models"]
    assert {entry["fixed"]["kernel"] for entry in model["classes"]} == {1, 3}


def test_several_devices_for_one_file_are_refused(two_devices: Say) -> None:
    refusal = two_devices("fit --out one.json").refusal
    assert "simulated-board" in refusal
    assert "simulated-other" in refusal
    assert not Path("one.json").exists()


def test_a_sweep_of_another_device_mixed_in_is_refused(two_devices: Say) -> None:
    stray = next(Path("sweeps/simulated-other").iterdir())
    stray.rename(Path("sweeps/simulated-board/stray.jsonl"))
    refusal = two_devices("fit").refusal
    assert "sweeps/simulated-board mixes" in refusal
    assert "stray.jsonl" in refusal
    assert not Path("fitted_models").exists()


def test_without_sweeps_it_says_how_to_make_one(say: Say) -> None:
    Path("sweeps").mkdir()
    assert "blackthorn sweep" in say("fit").refusal


def test_a_folder_that_is_not_there_is_refused(say: Say) -> None:
    assert "nowhere" in say("fit nowhere").refusal


def test_a_damaged_sweep_is_refused_with_its_line(two_devices: Say) -> None:
    damaged = next(Path("sweeps/simulated-board").iterdir())
    lines = damaged.read_text().splitlines()
    lines[2] = lines[2].replace("seconds", "secs")
    damaged.write_text("\n".join(lines) + "\n")
    assert f"line 3 of {damaged}" in two_devices("fit").refusal


def test_a_place_that_cannot_be_written_is_refused(two_devices: Say) -> None:
    Path("fitted_models").write_text("a file, not a folder")
    assert "cannot be written" in two_devices("fit").refusal
