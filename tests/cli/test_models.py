from pathlib import Path

import pytest

from blackthorn.cli import model_choice
from blackthorn.cli.model_choice import this_device
from tests.cli.conftest import Say


@pytest.fixture(autouse=True)
def nothing_shipped(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No model comes with blackthorn, whatever the repository holds by now."""
    monkeypatch.setattr(model_choice, "shipped_models", lambda: tmp_path / "shipped")


def test_the_table_tells_device_date_classes_error_and_file(fitted: Say) -> None:
    said = fitted("models")
    assert said.code == 0
    titles, row, here = said.out.splitlines()
    assert titles.split() == ["device", "fitted", "classes", "worst", "RMSPE", "file"]
    name, date, classes, error, percent, file = row.split()
    assert (name, classes, error, percent) == ("simulated-board", "1", "0.0", "%")
    assert len(date) == len("2025-01-01")
    assert file == "fitted_models/simulated-board.json"
    assert here == f"this machine is {this_device()}"


def test_programs_get_the_same(fitted: Say) -> None:
    Path("fitted_models/damaged.json").write_text("{")
    found = fitted("models --json").json
    assert found["this_device"] == this_device()
    assert [entry["device"] for entry in found["models"]] == ["simulated-board"]
    assert found["models"][0]["worst_rmspe_cross_validated_percent"] < 0.01
    assert [entry["file"] for entry in found["left_out"]] == ["fitted_models/damaged.json"]


def test_damaged_files_are_listed_with_their_fault(fitted: Say) -> None:
    Path("fitted_models/damaged.json").write_text("{")
    said = fitted("models")
    assert said.code == 0
    assert "left out: the fitted model fitted_models/damaged.json cannot be read" in said.out


def test_where_there_is_none_it_says_how_to_make_one(say: Say) -> None:
    said = say("models")
    assert said.code == 0
    assert "no fitted model here" in said.out
    assert "blackthorn fit" in said.out


def test_models_that_come_with_blackthorn_are_listed_and_the_users_own_go_first(fitted: Say, tmp_path: Path) -> None:
    own = Path("fitted_models/simulated-board.json")
    (tmp_path / "shipped").mkdir()
    for name in ("simulated-board", "far-board"):
        (tmp_path / "shipped" / f"{name}.json").write_text(own.read_text().replace("simulated-board", name))
    found = fitted("models --json").json["models"]
    assert sorted(entry["device"] for entry in found) == ["far-board", "simulated-board", "simulated-board"]
    assert fitted("show far --json").json["file"].endswith("shipped/far-board.json")
    assert fitted("show simulated-board --json").json["file"] == str(own)
