import json
import signal
from pathlib import Path
from typing import Any

import pytest

from blackthorn.cli import preset_run
from blackthorn.storage import find_preset, read_sweep
from tests.cli.conftest import Say, write_device

SWEEPS: list[dict[str, Any]] = [
    {"layer": "conv2d", "axes": {"filters": {"low": 1, "high": 256}}, "points": 8},
    {"layer": "conv2d", "axes": {"filters": {"low": 8, "high": 64}}, "fixed": {"kernel": 1}, "points": 6},
]


def write_preset(sweeps: list[dict[str, Any]] = SWEEPS, **fields: Any) -> str:
    """The command that carries out a preset on the simulated board."""
    preset = {"schema": 1, "name": "small", "summary": "two sweeps", "minutes": 1, "sweeps": sweeps, **fields}
    Path("small.json").write_text(json.dumps(preset))
    return "sweep --preset small.json --formulas board.json"


def test_every_sweep_of_a_preset_is_made_in_its_own_file(say: Say) -> None:
    found = say(f"{write_preset()} --json").json
    assert [sweep["points"] for sweep in found["sweeps"]] == [8, 6]
    assert found["points"] == 14
    assert not found["interrupted"]
    assert [len(read_sweep(Path(sweep["file"])).measurements) for sweep in found["sweeps"]] == [8, 6]


def test_sweeps_of_the_same_layers_over_other_ranges_share_a_file(say: Say) -> None:
    far = {"layer": "conv2d", "axes": {"filters": {"low": 512, "high": 1024}}, "points": 6}
    found = say(f"{write_preset([SWEEPS[0], far])} --json").json
    assert [sweep["points"] for sweep in found["sweeps"]] == [14, 14]
    assert found["points"] == 14


def test_sweeps_are_made_part_by_part(say: Say) -> None:
    parts = [line for line in say(write_preset()).err.splitlines() if line.startswith("part")]
    assert [line.partition(": ")[0] for line in parts] == [
        f"part {part} of 3, {number} of 2" for part in (1, 2, 3) for number in (1, 2)
    ]
    assert [line.rpartition(": ")[2] for line in parts] == [f"{points} points" for points in (3, 2, 6, 4, 8, 6)]


def test_people_read_points_and_errors_and_how_to_fit(say: Say) -> None:
    said = say(write_preset())
    assert said.code == 0
    assert "kernel=1" in said.out
    assert "14 points" in said.out
    assert "fit all sweeps with: blackthorn fit" in said.out
    assert "at most 14 points in about 1 minutes" in said.err


def test_a_kind_that_the_device_cannot_run_is_left_out(say: Say) -> None:
    write_preset()
    write_device("nothing.json", {})
    said = say("sweep --preset small.json --formulas nothing.json")
    assert said.code == 2
    assert "conv2d is left out" in said.err


def test_a_replay_is_not_written_into_its_own_recording(say: Say) -> None:
    say(write_preset())
    said = say("sweep --preset small.json --recording sweeps")
    assert said.code == 2
    assert "its own recording" in said.err
    assert say("sweep --preset small.json --recording sweeps --out replayed --json").json["points"] == 14


def test_a_second_run_measures_nothing(say: Say) -> None:
    command = f"{write_preset()} --json"
    say(command)
    assert [sweep["measured"] for sweep in say(command).json["sweeps"]] == [0, 0]


def test_ctrl_c_ends_all_sweeps_and_the_command_goes_on(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    whole = preset_run.made_in_parts

    def pressed(*arguments: Any, **options: Any) -> Any:
        def stop(_progress: object, _measurement: object) -> None:
            signal.raise_signal(signal.SIGINT)

        with monkeypatch.context() as patch:
            patch.setattr("blackthorn.cli.sweep_progress._lines", lambda: stop)
            return whole(*arguments, **options)

    command = write_preset()
    with monkeypatch.context() as patch:
        patch.setattr(preset_run, "made_in_parts", pressed)
        said = say(command)
    assert said.code == 130
    assert "go on with: blackthorn sweep --preset" in said.out
    assert say(f"{command} --json").json["points"] == 14


@pytest.mark.parametrize("option", ["conv2d", "--dim filters", "--at kernel=1", "--max-points 5", "--full", "--precision fp16"])
def test_what_a_preset_decides_is_refused(say: Say, option: str) -> None:
    said = say(f"{write_preset()} {option}")
    assert said.code == 2
    assert "of no use with --preset" in said.err


def test_neither_layer_nor_preset_is_nothing_to_sweep(say: Say) -> None:
    said = say("sweep")
    assert said.code == 2
    assert "--preset cnn" in said.err


def test_an_unknown_preset_is_told_with_the_nearest(say: Say) -> None:
    said = say("sweep --preset cmn")
    assert said.code == 2
    assert "cnn" in said.err


@pytest.mark.parametrize(
    "fields", [{"minutes": 0}, {"sweeps": []}, {"schema": 99}, {"surprise": 1}, {"sweeps": [{**SWEEPS[0], "points": 0}]}]
)
def test_a_preset_that_cannot_be_is_refused(say: Say, fields: dict[str, Any]) -> None:
    said = say(write_preset(**fields))
    assert said.code == 2
    assert "small.json" in said.err
    assert not Path("sweeps").exists()


def test_the_preset_that_comes_along_can_be_carried_out() -> None:
    preset = find_preset("cnn")
    assert preset.points <= 1500
    assert preset.minutes <= 15
    for planned in preset.sweeps:
        preset_run._checked(planned)
