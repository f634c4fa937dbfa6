import logging

import pytest

from blackthorn.cli.spinner import spinner
from tests.cli.terminals import a_terminal, plain


def test_on_a_terminal_it_says_what_the_command_is_busy_with(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = a_terminal(monkeypatch)
    with spinner("reading"):
        pass
    assert any(line.endswith(" reading") for line in plain(terminal))
    with spinner("reading") as tell:
        tell("fitting [board]")
    assert any(line.rstrip().endswith("fitting [board]") for line in plain(terminal))


def test_elsewhere_and_beside_a_log_it_says_nothing(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], caplog: pytest.LogCaptureFixture
) -> None:
    with spinner("reading") as tell:
        tell("fitting")
    assert capsys.readouterr() == ("", "")
    caplog.set_level(logging.INFO)
    terminal = a_terminal(monkeypatch)
    with spinner("reading") as tell:
        tell("fitting")
    assert terminal.getvalue() == ""
