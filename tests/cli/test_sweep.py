import os
import signal
from pathlib import Path

import pytest

from blackthorn.cli import sweep_plan, sweep_run
from blackthorn.layers import layer_kind
from blackthorn.records import Measurement, Probe, Range
from blackthorn.storage import read_sweep
from blackthorn.sweeping import SweepOutcome
from blackthorn.timing import Timer
from tests.cli.conftest import NESTED, STAIRCASE, Say, write_device

SWEEP = "sweep conv2d --dim filters --formulas board.json"


def test_a_sweep_finds_the_staircase_that_the_device_plays(say: Say) -> None:
    said = say(f"{SWEEP} --json")
    assert said.code == 0
    found = said.json
    assert found["class"]["formula_seconds"]["width"] == STAIRCASE.width
    assert found["class"]["rmspe_percent"] < 0.01
    assert found["points"] == found["measured"] == len(read_sweep(Path(found["file"])).measurements)
    assert not found["interrupted"]
    assert found["device"] == "simulated-board"


def test_people_read_the_file_the_points_the_formula_and_the_error(say: Say) -> None:
    said = say(f"{SWEEP} --max-points 20")
    assert said.code == 0
    assert "sweeps/simulated-board/conv2d-filters-at-channels64-height32-kernel3-fp32.jsonl" in said.out
    assert "points" in said.out
    assert "RMSPE 0.0 %" in said.out
    assert "latency in ms = 0.2 + (filters - 1) // 32 * 0.05" in said.out
    assert "blackthorn fit" in said.out
    assert said.err == ""


def test_the_same_command_again_measures_nothing_and_says_the_same(say: Say) -> None:
    first, second = (say(f"{SWEEP} --json").json for _ in range(2))
    assert second["measured"] == 0
    assert second["known"] == first["measured"]
    assert second["class"] == first["class"]


@pytest.mark.parametrize(("out", "fit"), [("", "fit"), ("--out 'my sweeps'", "fit 'my sweeps'")])
def test_the_command_that_it_names_fits_the_sweep(say: Say, out: str, fit: str) -> None:
    said = say(f"{SWEEP} --max-points 5 {out}")
    named = said.out.rpartition("fit all sweeps with: blackthorn ")[2].strip()
    assert named == fit
    assert say(named).code == 0


def test_max_points_limits_the_points(say: Say) -> None:
    assert say(f"{SWEEP} --max-points 5 --json").json["points"] == 5


def test_max_macs_leaves_out_what_is_larger(say: Say) -> None:
    command = "sweep conv2d --dim filters --dim channels --dim size --at kernel=1 --formulas board.json --max-points 40"
    found = say(f"{command} --max-macs 5M --json").json
    kind = layer_kind("conv2d")
    macs = [kind.macs(entry.probe.dimensions) for entry in read_sweep(Path(found["file"])).measurements]
    assert max(macs) <= 5_000_000
    assert max(macs) > 4_000_000
    assert not found["skipped"]


def test_a_sweep_ends_at_its_target_error(say: Say) -> None:
    found = say(f"{SWEEP} --target-error 5% --json").json
    assert "5 % was wanted" in found["reason"]
    assert found["points"] < say(f"{SWEEP} --json").json["points"]


def test_a_sweep_ends_when_its_minutes_are_over(say: Say) -> None:
    assert say(f"{SWEEP} --max-points 5").code == 0
    assert "the time of 0 s is over" in say(f"{SWEEP} --max-minutes 1e-9").out


@pytest.mark.parametrize("text", ["much", "0", "-3%", "nan", "inf"])
def test_a_target_error_that_is_none_is_refused(say: Say, text: str) -> None:
    assert "is not a percentage above 0" in say(f"{SWEEP} --target-error={text}").refusal


def test_it_is_told_what_a_smaller_error_would_cost(say: Say) -> None:
    write_device("noisy.json", {"conv2d": NESTED}, noise=0.05)
    said = say("sweep conv2d --dim filters --dim channels --formulas noisy.json --max-points 40")
    found = say("sweep conv2d --dim filters --dim channels --formulas noisy.json --max-points 40 --json").json
    assert ("more points" in said.out) == (found["forecast"] is not None)


def test_a_full_sweep_takes_every_point_of_its_range(say: Say) -> None:
    found = say(f"{SWEEP} --range filters=30:70:2 --full --json").json
    taken = {entry.probe.dimensions["filters"] for entry in read_sweep(Path(found["file"])).measurements}
    assert taken == set(range(30, 71, 2))


def test_dimensions_are_nested_in_the_order_given(say: Say) -> None:
    write_device("nested.json", {"conv2d": NESTED})
    grid = "--range filters=1:128:21 --range channels=8:64:8 --at size=16,kernel=1 --full"
    found = say(f"sweep conv2d --dim filters --dim channels {grid} --formulas nested.json --json").json
    header = read_sweep(Path(found["file"])).header
    assert header.axes == ("filters", "channels")
    assert header.fixed.items() >= {"height": 16, "width": 16, "kernel": 1}.items()
    assert found["class"]["ranges"] == {"filters": [1, 127], "channels": [8, 64]}
    assert found["points"] == 7 * 8


def test_a_sweep_of_two_dimensions_can_be_cut_short(say: Say) -> None:
    found = say("sweep conv2d --dim filters --dim channels --formulas board.json --max-points 3 --json").json
    assert found["points"] == 3
    assert "limit of 3" in found["reason"]


def test_a_shorthand_moves_its_dimensions_together(say: Say) -> None:
    found = say("sweep conv2d --dim size --formulas board.json --max-points 6 --json").json
    sizes = [entry.probe.dimensions for entry in read_sweep(Path(found["file"])).measurements]
    assert len({size["height"] for size in sizes}) > 3
    assert all(size["height"] == size["width"] for size in sizes)


def test_without_a_range_a_dimension_covers_what_is_usual() -> None:
    filters = layer_kind("conv2d").dimension("filters")
    assert sweep_plan.usual_range(layer_kind("conv2d"), "filters") == Range(filters.lowest, filters.highest)
    assert sweep_plan.usual_range(layer_kind("conv2d"), "size") == Range(1, 224)


def test_a_recording_is_replayed_point_by_point(say: Say) -> None:
    recording = say(f"{SWEEP} --range filters=1:128 --full --json").json["file"]
    replay = say(f"sweep conv2d --dim filters --range filters=1:128 --recording {recording} --out again --json")
    assert replay.code == 0
    recorded = {entry.probe.key: entry for entry in read_sweep(Path(recording)).measurements}
    replayed = read_sweep(Path(replay.json["file"])).measurements
    assert 4 < len(replayed) < len(recorded)
    assert all(recorded[entry.probe.key] == entry for entry in replayed)


def test_a_replay_is_not_written_into_its_own_recording(say: Say) -> None:
    recording = Path(say(f"{SWEEP} --range filters=1:64 --full --json").json["file"])
    before = recording.read_bytes()
    assert "choose another folder with --out" in say(f"sweep conv2d --dim filters --recording {recording}").refusal
    assert recording.read_bytes() == before


def test_points_that_the_recording_lacks_are_skipped_with_a_word(say: Say) -> None:
    recording = say(f"{SWEEP} --range filters=2:32:2 --full --json").json["file"]
    said = say(f"sweep conv2d --dim filters --range filters=2:34:2 --recording {recording} --out again")
    assert said.code == 0
    assert "1 points could not be measured and were skipped" in said.out


@pytest.fixture
def interrupted_after_four(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C is pressed while the fourth point is measured."""
    measure, taken = Timer.measure, []

    def pressing(timer: Timer, probe: Probe) -> Measurement:
        taken.append(probe)
        if len(taken) == 4:
            os.kill(os.getpid(), signal.SIGINT)
        return measure(timer, probe)

    monkeypatch.setattr(Timer, "measure", pressing)


@pytest.mark.usefixtures("interrupted_after_four")
def test_ctrl_c_keeps_the_point_in_hand_and_says_how_to_go_on(say: Say) -> None:
    said = say(SWEEP)
    assert said.code == 130
    assert "4 points in" in said.out
    again = said.out.rpartition("go on with: blackthorn ")[2]
    resumed = say(f"{again.strip()} --json")
    assert resumed.code == 0
    assert resumed.json["known"] == 4
    assert resumed.json["class"]["formula_seconds"]["width"] == STAIRCASE.width


@pytest.mark.usefixtures("interrupted_after_four")
def test_programs_are_told_of_ctrl_c_too(say: Say) -> None:
    said = say(f"{SWEEP} --json")
    assert said.code == 130
    assert said.json["interrupted"]
    assert said.json["points"] == 4


def test_a_sweep_stopped_before_its_first_point_has_no_formula(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    stopped = SweepOutcome(measured=0, known=0, skipped=(), interrupted=True, reason="it was interrupted")
    monkeypatch.setattr(sweep_run, "sweep", lambda *_: stopped)
    said = say(SWEEP)
    assert said.code == 130
    assert said.out.startswith("0 points in ")
    assert "latency" not in said.out
    said = say(f"{SWEEP} --json")
    assert said.json["class"] is None


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("sweep conv2dd --dim filters", "did you mean 'conv2d'"),
        ("sweep conv2d --dim filter", "did you mean 'filters'"),
        ("sweep conv2d --dim filters --at heigth=3", "did you mean 'height'"),
        ("sweep conv2d --dim filters --range filter=1:3", "did you mean 'filters'"),
        ("sweep conv2d --dim filters --runner onxruntime", "did you mean 'onnxruntime'"),
        ("sweep conv2d", "a sweep needs a dimension to move"),
        ("sweep conv2d --dim filters --range filters=64:1", "is empty"),
        ("sweep conv2d --dim filters --range filters=1:64:0", "step"),
        ("sweep conv2d --dim filters --range filters=0:64", "begins too low"),
        ("sweep conv2d --dim filters --range channels=1:64", "add --dim channels"),
        ("sweep conv2d --dim filters --dim filters", "given twice"),
        ("sweep conv2d --dim filters --at filters=3", "name it only once"),
        ("sweep conv2d --dim filters --at height=0", "too small"),
        ("sweep conv2d --dim filters --affinity 9999 --threads 1", "there is no CPU 9999"),
        ("sweep conv2d --dim filters --affinity x", "whole number"),
        ("sweep conv2d --dim filters --threads 0", "--threads"),
        ("sweep conv2d --dim filters --max-points 0", "--max-points"),
        ("sweep conv2d --dim filters --max-macs 0", "'0' after --max-macs is no number of 1 or more"),
        ("sweep conv2d --dim filters --max-macs many", "'many' after --max-macs is no number of 1 or more"),
        ("sweep conv2d --dim filters --max-macs 1K", "has more than 1000 multiply-accumulates"),
        ("sweep conv2d --dim filters --precision int8", "--precision"),
        ("sweep conv2d --dim filters --runner recorded", "add: --recording FILE"),
        ("sweep conv2d --dim filters --runner simulated", "add: --formulas FILE"),
        ("sweep conv2d --dim filters --runner onnxruntime --formulas board.json", "of no use to the runner 'onnxruntime'"),
        (
            "sweep conv2d --dim filters --provider cuda --formulas board.json",
            "--provider is of no use to the runner 'simulated'",
        ),
        ("sweep conv2d --dim filters --provider cudda", "did you mean 'cuda'"),
        ("sweep conv2d --dim filters --provider rknpu", "has no provider 'rknpu', only "),
        ("sweep conv2d --dim filters --recording board.json", "board.json"),
        ("sweep conv2d --dim filters --recording nowhere", "nowhere"),
        ("sweep conv2d --dim filters --formulas nowhere.json", "nowhere.json"),
        ("sweep conv2d --dim filters --formulas board.json --out board.json", "cannot be written"),
        ("sweep conv2d --dim filters --full --dim channels --dim height --formulas board.json", "full sweep"),
        ("sweep conv2d --dim filters --range filters=1:2147483647 --full --formulas board.json", "full sweep"),
    ],
)
def test_what_cannot_be_swept_is_refused_in_one_sentence(say: Say, line: str, complaint: str) -> None:
    assert complaint in say(line).refusal


@pytest.mark.parametrize(
    ("content", "complaint"),
    [
        (b"", "board.json"),
        (b"{}", "formulas"),
        (b'{"formulas": {"conv2d": ' + b'{"kind": "step", "base": ' * 100_000, "nested too deeply"),
        (b'{"formulas": {"conv2d": {"kind": "stair"}}}', "'stair'"),
        (b'{"formulas": {}, "noises": 1}', "noises"),
        (b'{"formulas": {}, "noise": 2.0}', "noise=2.0"),
        (b"\xff\xfe", "board.json"),
        (b'{"formulas": {"dense": {"kind": "constant", "value": 1.0}}}', "conv2d"),
    ],
)
def test_a_file_that_is_no_simulated_device_is_refused(say: Say, content: bytes, complaint: str) -> None:
    Path("board.json").write_bytes(content)
    assert complaint in say(SWEEP).refusal
