import re
from pathlib import Path

import msgspec
import pytest

from blackthorn.records import MODEL_SCHEMA, CachedWeights
from blackthorn.storage import read_model, write_model
from tests.cli.conftest import STAIRCASE, Say, write_device

MODEL = "fitted_models/simulated-board.json"


@pytest.mark.parametrize("device", ["simulated-board", "board", "BOARD", MODEL, f"./{MODEL}"])
def test_a_model_is_found_by_name_by_part_of_it_and_by_file(fitted: Say, device: str) -> None:
    said = fitted(f"show {device}")
    assert said.code == 0
    assert said.out.startswith("simulated-board (")
    assert "latency in ms = 0.2 + (filters - 1) // 32 * 0.05" in said.out


def test_programs_get_the_formula_as_text_latex_and_tree(fitted: Say) -> None:
    (entry,) = fitted("show board --json").json["classes"]
    assert entry["formula_ms"] == "0.2 + (filters - 1) // 32 * 0.05"
    assert entry["formula_seconds"]["kind"] == "step"
    assert entry["fixed"]["kernel"] == 3
    assert entry["ranges"] == {"filters": [1, 1024]}
    assert r"\left\lfloor" in entry["latex_ms"]


def test_latex_is_balanced_and_in_milliseconds(fitted: Say) -> None:
    said = fitted("show board --latex")
    comment, formula = said.out.splitlines()
    assert comment == "% conv2d fp32 at channels=64 height=32 kernel=3"
    assert formula.startswith(r"\[ t_{\mathrm{ms}} = 0.2 + ")
    assert formula.endswith(r"\]")
    assert formula.count("{") == formula.count("}")


def test_a_model_holds_against_the_sweeps_that_it_was_fitted_to(fitted: Say) -> None:
    said = fitted("show board --against sweeps --json")
    (entry,) = said.json["classes"]
    assert entry["points"] > 10
    assert entry["rmspe_percent"] < 0.01
    assert said.json["points_outside"] == 0


def test_a_slower_device_of_the_same_name_shows_as_a_bias(fitted: Say) -> None:
    write_device("board.json", {"conv2d": STAIRCASE.scaled(1.25)})
    line = "sweep conv2d --dim filters --range filters=1:100:3 --full --formulas board.json --out later"
    assert fitted(line).code == 0
    said = fitted("show board --against later")
    assert "34 points, RMSPE 20.0 %, bias -20.0 %" in said.out


def test_points_outside_of_all_formulas_are_counted(fitted: Say) -> None:
    line = "sweep conv2d --dim filters --range filters=1020:1029 --full --at kernel=3 --formulas board.json --out beyond"
    assert fitted(line).code == 0
    said = fitted("show board --against beyond")
    assert "5 points, RMSPE 0.0 %" in said.out
    assert "5 points lie outside of all formulas" in said.out


def test_points_of_another_precision_are_outside_too(fitted: Say) -> None:
    line = "sweep conv2d --dim filters --range filters=1:4 --full --precision fp16 --formulas board.json --out halves"
    assert fitted(line).code == 0
    found = fitted("show board --against halves --json").json
    assert found["classes"] == []
    assert found["points_outside"] == 4


def test_the_speed_that_formulas_are_stated_at_and_how_well_timings_are_known_is_told(say: Say) -> None:
    write_device("drifting.json", {"conv2d": STAIRCASE}, drift=0.1)
    assert say("sweep conv2d --dim filters --formulas drifting.json --max-points 6").code == 0
    assert say("fit").code == 0
    said = say("show drifting").out
    assert re.search(r"^  stated at the speed at which its reference layer takes [\d.]+ [mu]s$", said, re.MULTILINE)
    assert re.search(r"^  RMSPE [\d.]+ %, cross-validated [\d.]+ %; timings known to [\d.]+ %$", said, re.MULTILINE)
    assert say("show drifting --json").json["classes"][0]["timing_error_percent"] > 0.0


def test_what_caches_save_is_told_and_counts_where_formulas_are_held_against_timings(fitted: Say) -> None:
    exact = fitted("show board --against sweeps --json").json["classes"][0]["bias_percent"]
    path = Path(MODEL)
    model = read_model(path)
    (layer,) = model.layers
    saving = msgspec.structs.replace(layer, saved=1e-9)
    write_model(path, msgspec.structs.replace(model, layers=(saving,), cached=CachedWeights((2**21, 2**40), (1.0, 0.5))))
    said = fitted("show board").out
    assert "caches keep 100 % of 2 MiB, 50 % of 1.04858e+06 MiB of a network's weights from call to call" in said
    assert "less for every MiB of its weights that caches keep" in said
    assert fitted("show board --against sweeps --json").json["classes"][0]["bias_percent"] < exact - 1.0


def test_a_model_held_against_timings_of_another_device_is_refused(fitted: Say) -> None:
    write_device("other.json", {"conv2d": STAIRCASE})
    assert fitted("sweep conv2d --dim filters --formulas other.json --max-points 3 --out others").code == 0
    refusal = fitted("show board --against others").refusal
    assert "the fitted model is of simulated-board" in refusal
    assert "holds timings of simulated-other" in refusal


def test_a_sweep_without_points_is_refused(fitted: Say) -> None:
    sweep = next(Path("sweeps/simulated-board").iterdir())
    Path("begun").mkdir()
    Path("begun/sweep.jsonl").write_text(sweep.read_text().splitlines()[0] + "\n")
    assert "hold no measurement" in fitted("show board --against begun").refusal


@pytest.mark.parametrize(
    ("line", "complaint"),
    [
        ("show boart", "there is no fitted model named 'boart'"),
        ("show simulated-boart", "did you mean 'simulated-board'"),
        ("show nowhere.json", "there is no file nowhere.json"),
        ("show board.json", "board.json"),
        ("show", "there is no fitted model of this machine"),
        ("show board --against nowhere", "nowhere"),
    ],
)
def test_what_cannot_be_shown_is_refused_in_one_sentence(fitted: Say, line: str, complaint: str) -> None:
    assert complaint in fitted(line).refusal


def test_a_part_of_several_names_is_refused_with_all_of_them(fitted: Say) -> None:
    other = Path(MODEL).read_text().replace("simulated-board", "simulated-other")
    Path("fitted_models/other.json").write_text(other)
    refusal = fitted("show simulated").refusal
    assert "simulated-board, simulated-other" in refusal


def test_a_damaged_neighbour_does_not_stand_in_the_way(fitted: Say) -> None:
    Path("fitted_models/aaa.json").write_text("{")
    assert fitted("show board").code == 0


def test_a_model_of_a_newer_schema_asks_for_an_update(fitted: Say) -> None:
    newer = Path(MODEL).read_text().replace(f'"schema": {MODEL_SCHEMA}', '"schema": 99')
    Path(MODEL).write_text(newer)
    assert "pip install --upgrade blackthorn" in fitted(f"show {MODEL}").refusal
