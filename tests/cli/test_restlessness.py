"""A restless machine is spoken of, and only that."""

import json
from pathlib import Path

import msgspec
import pytest

from blackthorn.cli.restlessness import restlessness_lines, upper_quartile_percent
from blackthorn.cli.sweep_run import report_of, sweep_json, sweep_lines
from blackthorn.storage import open_sweep
from blackthorn.sweeping import SweepOutcome
from tests.cli.conftest import Say
from tests.examples import a_header, a_measurement


@pytest.mark.parametrize("errors", [(), (0.01,), (0.005, 0.01, 0.01, 0.02, 0.3)])
def test_nothing_is_said_of_timings_that_are_known_well(errors: tuple[float, ...]) -> None:
    assert not list(restlessness_lines(errors, 0))


def test_timings_that_are_known_badly_are_told_with_the_remedy() -> None:
    said, remedy = restlessness_lines((0.01, 0.01, 0.01, 0.034, 0.05), 0)
    assert "a quarter of the points is known no better than to 3.4 %" in said
    assert remedy.startswith("close other programs")


def test_what_others_disturbed_is_told_with_the_same_remedy() -> None:
    said, remedy = restlessness_lines((0.01,) * 19, 2)
    assert "while 2 of 19 points were timed" in said
    assert remedy.startswith("close other programs")
    assert len(list(restlessness_lines((0.05,) * 19, 2))) == 3
    assert not list(restlessness_lines((0.01,) * 20, 2))


def test_no_timings_have_no_error() -> None:
    assert upper_quartile_percent(()) is None


def test_a_sweep_on_a_restless_machine_says_so(say: Say) -> None:
    board = json.loads(Path("board.json").read_text())
    Path("restless.json").write_text(json.dumps({**board, "jitter": 0.9}))
    sweep = "sweep conv2d --dim filters --max-points 8 --formulas"
    assert "restless" not in say(f"{sweep} board.json").out
    said = say(f"{sweep} restless.json --out elsewhere")
    assert "the machine was restless" in said.out
    assert say(f"{sweep} restless.json --out elsewhere --json").json["timing_error_upper_quartile_percent"] > 3.0


def test_a_sweep_tells_how_many_points_were_timed_beside_others(tmp_path: Path) -> None:
    path = tmp_path / "sweep.jsonl"
    with open_sweep(path, a_header()) as file:
        for filters in range(16, 112, 16):
            grade = "contended" if filters <= 32 else "settled"
            file.append(msgspec.structs.replace(a_measurement(filters), grade=grade))
    report = report_of(path, SweepOutcome(6, 0, (), interrupted=False, reason="enough is known"))
    assert sweep_json(report)["contended"] == 2
    assert any("while 2 of 6 points were timed" in line for line in sweep_lines(report, "blackthorn sweep"))
