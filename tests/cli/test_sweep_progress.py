import itertools
import re
import sys

import pytest

from blackthorn.cli import sweep_progress
from blackthorn.cli.sweep_progress import Clock, shown_progress
from blackthorn.selection import Progress
from tests.cli.terminals import Terminal
from tests.examples import a_measurement

FORMULA = "0.2 + (filters - 1) // 32 * (0.05 + (channels - 1) // 16 * (0.0123 + height * 0.456))"


def progress(points: int, error: float | None = 2.5) -> Progress:
    return Progress(points, 60, FORMULA, error)


def test_time_left_goes_by_the_pace_of_this_run() -> None:
    clock = Clock(itertools.count(0, 10).__next__)
    assert clock.left(progress(41)) == "at most 3 min 10 s left"
    assert clock.left(progress(42)) == "at most 3 min 00 s left"
    assert clock.left(progress(60)) == "at most 0 s left"


def test_on_a_terminal_there_is_a_bar_with_points_error_time_and_formula(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("TERM", "xterm")
    with shown_progress() as on_point:
        on_point(progress(7), a_measurement(16))
    plain = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", terminal.getvalue())
    assert "7/60" in plain
    assert "error 2.5 %" in plain
    assert "left" in plain
    assert FORMULA[:20] in plain
    assert FORMULA[-20:] in plain
    assert FORMULA not in plain


def test_elsewhere_there_is_a_line_now_and_then(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    seconds = sweep_progress.SECONDS_BETWEEN_LINES / 10
    on_point = sweep_progress._lines(itertools.count(0, seconds).__next__)
    for points in range(1, 41):
        on_point(progress(points, error=None if points < 8 else 2.5), a_measurement(16))
    lines = capsys.readouterr().err.splitlines()
    assert 2 <= len(lines) <= 10
    assert re.fullmatch(r"\d+ of at most 60 points, at most .* left", lines[0])
    assert re.fullmatch(r"\d+ of at most 60 points, error 2.5 %, at most .* left", lines[-1])


def test_a_quick_sweep_into_a_file_says_nothing_on_the_way(capsys: pytest.CaptureFixture[str]) -> None:
    with shown_progress() as on_point:
        on_point(progress(1), a_measurement(16))
    assert capsys.readouterr().err == ""
