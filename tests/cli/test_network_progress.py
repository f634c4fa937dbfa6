import itertools
import logging
from pathlib import Path

import pytest

from blackthorn.cli import network_progress
from blackthorn.cli.network_progress import NetworkBar, outcome_line, shown_networks
from blackthorn.truth import Failure, validate
from tests.cli.terminals import a_terminal, plain
from tests.truth.examples import NETWORK, PREDICTION, TIMING

DONE = validate(NETWORK, PREDICTION, TIMING)
FAILED = Failure(Path("magic.onnx"), f"ONNX Runtime cannot run magic.onnx ({'[too long] ' * 20}); check the model.")
SAID = "1 of 3: net: 10 ms measured, 5 ms predicted, -50.0 %"


def test_elsewhere_there_is_a_line_for_each_network_and_no_other(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_networks(3, 5.0) as watcher:
        watcher.begin(Path("net.onnx"))
        assert capsys.readouterr().err == ""
        watcher.end(DONE)
        assert capsys.readouterr().err == f"{SAID}\n"
        watcher.begin(Path("magic.onnx"))
        watcher.end(FAILED)
        assert capsys.readouterr() == ("", f"blackthorn: {FAILED.reason}\n")


def test_on_a_terminal_a_bar_names_the_network_in_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with shown_networks(3, 5.0) as watcher:
        watcher.begin(Path("folder/net.onnx"))
        first = plain(terminal)[-1]
        watcher.end(DONE)
        watcher.begin(Path("magic.onnx"))
        second = plain(terminal)[-1]
        watcher.end(FAILED)
    assert "0/3 timing net ... about 15 s left" in first
    assert "1/3 timing magic ... about " in second
    assert SAID in plain(terminal)
    assert f"blackthorn: {FAILED.reason}" in plain(terminal)


def test_the_bar_is_taken_away_and_the_lines_stay(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with shown_networks(3, 5.0) as watcher:
        watcher.begin(Path("net.onnx"))
        watcher.end(DONE)
    erased = "\x1b[2K"
    assert terminal.getvalue().rstrip().endswith(erased)
    assert terminal.getvalue().index(SAID) < terminal.getvalue().rindex(erased)


def test_with_a_log_on_the_terminal_there_is_no_bar(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    terminal = a_terminal(monkeypatch)
    caplog.set_level(logging.INFO)
    with shown_networks(3, 5.0) as watcher:
        watcher.begin(Path("net.onnx"))
        watcher.end(DONE)
    assert terminal.getvalue() == f"{SAID}\n"


def test_time_left_goes_by_the_pace_so_far(monkeypatch: pytest.MonkeyPatch) -> None:
    a_terminal(monkeypatch)
    with network_progress._bar() as drawn:
        bar = NetworkBar(4, 5.0, drawn, itertools.count(0, 30).__next__)
        assert bar.left() == "about 20 s left"
        bar.end(DONE)
        assert bar.left() == "about 1 min 30 s left"
        bar.end(FAILED)
        assert bar.left() == "about 1 min 00 s left"


def test_a_line_says_measured_predicted_and_error() -> None:
    assert outcome_line(DONE, "1 of 3") == SAID
