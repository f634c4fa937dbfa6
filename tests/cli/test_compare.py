from pathlib import Path

import pytest

from blackthorn.formulas import Constant, Linear
from tests.cli.conftest import STAIRCASE, Say, write_device

QUICK = "--models blackthorn,roofline,blackthorn-2021"
SWEEPS = "sweeps/simulated-board"


@pytest.fixture
def swept(say: Say) -> Say:
    """A sweep of a staircase, and another one of points to test on."""
    assert say("sweep conv2d --dim filters --formulas board.json --max-points 30 --range filters=1:512:17 --full").code == 0
    assert say("sweep conv2d --dim filters --formulas board.json --range filters=5:500:50 --full --out later").code == 0
    return say


def test_people_read_errors_by_kind_and_points_the_best_marked(swept: Say) -> None:
    said = swept(f"compare {SWEEPS} {QUICK} --points 6,12")
    assert said.code == 0
    assert said.out.startswith("simulated-board: 20 points of 1 class, 10 layers held out\n")
    rows = [line for line in said.out.splitlines() if line.startswith("blackthorn  ")]
    assert "0.0  0.0" in rows[0]
    assert said.out.count(" *") == 2
    assert "█" in said.out
    assert "conv2d, 10 held out" in said.out
    assert "every kind, " not in said.out


def test_several_kinds_are_summed_up_in_a_table(swept: Say) -> None:
    write_device("board.json", {"conv2d": STAIRCASE, "relu": Linear("elements", Constant(1e-6), Constant(1e-10))})
    assert (
        swept("sweep relu --dim elements --formulas board.json --max-points 12 --range elements=100:9100:600 --full").code == 0
    )
    assert "every kind, 14 held out" in swept(f"compare {SWEEPS} {QUICK} --points 6,12").out


def test_programs_read_the_same(swept: Say) -> None:
    found = swept(f"compare {SWEEPS} {QUICK} --points 6,12 --json").json
    assert found["device"] == "simulated-board"
    assert [(entry["model"], entry["most_points"], entry["points"]) for entry in found["classes"][:2]] == [
        ("blackthorn", 6, 6),
        ("blackthorn", 12, 12),
    ]
    assert all(len(entry["errors"]) == entry["held_out"] == 10 for entry in found["classes"])
    by_model = {entry["model"]: entry for entry in found["every_kind"] if entry["most_points"] == 12}
    assert by_model["blackthorn"]["rmspe_percent"] < 1e-6 < by_model["roofline"]["rmspe_percent"]
    assert [entry["layer"] for entry in found["kinds"]] == ["conv2d"] * 6


def test_layers_of_another_sweep_are_tested_on(swept: Say) -> None:
    found = swept(f"compare {SWEEPS} --test later {QUICK} --points 12 --json").json
    assert {entry["held_out"] for entry in found["classes"]} == {10}


def test_a_test_sweep_below_the_folder_is_not_fitted_to(swept: Say) -> None:
    (test,) = Path("later").rglob("*.jsonl")
    found = swept(f"compare sweeps later --test {test} {QUICK} --points 100 --json").json
    assert {(entry["points"], entry["held_out"]) for entry in found["classes"]} == {(29, 10)}  # one of the thirty is tested on


def test_the_same_seed_gives_the_same_answer_and_another_one_another(swept: Say) -> None:
    line = f"compare {SWEEPS} --models roofline --points 5 --json"
    first, again, other, shuffled = (swept(f"{line} --seed {more}").out for more in ("1", "1", "2", "1 --shuffle"))
    assert first == again != other
    assert shuffled != first


def test_what_could_not_be_fitted_is_told(say: Say) -> None:
    line = "sweep conv2d --dim filters --dim channels --formulas board.json --max-points 16"
    assert say(line).code == 0
    said = say("compare sweeps --models blackthorn-2021,roofline --points 5")
    assert said.code == 0
    assert "blackthorn-2021 could not be fitted in 1 of 1 cases: its hierarchy needs whole lines" in said.out


@pytest.mark.parametrize(
    ("words", "problem"),
    [
        ("--models rooflin", "did you mean 'roofline'"),
        ("--points 2", "give 3 or more"),
        ("--points many", "write digits only"),
        ("--test nowhere", "check the path"),
    ],
)
def test_what_cannot_be_is_refused_in_a_sentence(swept: Say, words: str, problem: str) -> None:
    assert problem in swept(f"compare {SWEEPS} {words}").refusal


def test_sweeps_of_two_devices_are_refused(swept: Say) -> None:
    write_device("other.json", {"conv2d": STAIRCASE})
    assert swept("sweep conv2d --dim filters --formulas other.json --range filters=1:99:9 --full").code == 0
    assert "compare models on one device at a time" in swept(f"compare sweeps {QUICK}").refusal
