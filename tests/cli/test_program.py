import importlib
import logging
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest

import blackthorn
from blackthorn.cli import exits
from blackthorn.cli.program import COMMANDS, MODULES, program
from tests.cli.conftest import Say
from tests.networks import light_networks

HEAVY = ("matplotlib", "numpy", "onnx", "onnxruntime", "rich", "scipy", "sklearn", "tensorrt")
ONLY_NUMPY = tuple(name for name in HEAVY if name != "numpy")


def commands() -> list[click.Command]:
    return [importlib.import_module(f"blackthorn.cli.{MODULES.get(name, name)}").command for name in COMMANDS]


def test_without_a_command_it_prints_its_help(say: Say) -> None:
    said = say("")
    assert said.code == 0
    assert said.out == say("--help").out == say("-h").out
    assert [line.split()[0] for line in said.out.partition("Commands:\n")[2].splitlines()] == list(COMMANDS)
    assert "..." not in said.out.partition("Commands:\n")[2]


def test_its_version_is_the_librarys(say: Say) -> None:
    assert say("--version").out == f"blackthorn {blackthorn.__version__}\n"


@pytest.mark.parametrize("command", commands(), ids=COMMANDS)
def test_every_command_has_json_and_a_help_for_each_option(command: click.Command) -> None:
    options = [option for option in command.params if isinstance(option, click.Option)]
    assert {"--json", "-v"} <= {name for option in options for name in option.opts}
    assert all(option.help and option.help.endswith((".", ")", "]")) for option in options)
    assert command.help
    assert command.help.splitlines()[0].endswith(".")


@pytest.mark.parametrize(
    "command", [command for command in commands() if command.epilog], ids=lambda command: command.callback.__module__
)
def test_the_examples_of_a_help_are_right(command: click.Command) -> None:
    _, title, lines = (command.epilog or "").partition("Examples:\n")
    assert title
    for line in lines.splitlines():
        blackthorn_, name, *words = line.partition(">")[0].split()
        assert blackthorn_ == "blackthorn"
        assert program.get_command(click.Context(program), name) is command
        command.make_context(name, words)


def imported_by(words: list[str], folder: Path) -> set[str]:
    """The packages that a command line has imported when it ends."""
    code = (
        f"import sys; from blackthorn.cli import main; code = main({words!r}); print(*sys.modules, file=sys.stderr); exit(code)"
    )
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    ended = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=folder, env=environment, check=False
    )
    assert ended.returncode == 0, ended.stderr
    return {name.partition(".")[0] for name in ended.stderr.split()}


@pytest.mark.parametrize("words", [["--help"], ["--version"], *([name, "--help"] for name in COMMANDS)], ids=" ".join)
def test_help_imports_nothing_heavy(tmp_path: Path, words: list[str]) -> None:
    assert not imported_by(words, tmp_path).intersection(HEAVY)


def test_predict_imports_only_numpy_of_what_is_heavy(fitted: Say, tmp_path: Path) -> None:
    network = str(light_networks()["light_resnet50"])
    assert not imported_by(["predict", network, "--device", "board"], tmp_path).intersection(ONLY_NUMPY)


@pytest.mark.parametrize(("option", "level"), [("-v", logging.INFO), ("-vv", logging.DEBUG), ("-v --verbose", logging.DEBUG)])
def test_verbose_says_more_the_more_often_it_is_given(
    say: Say, monkeypatch: pytest.MonkeyPatch, option: str, level: int
) -> None:
    asked: list[int] = []
    monkeypatch.setattr(logging, "basicConfig", lambda **settings: asked.append(settings["level"]))
    assert say(f"models {option}").code == 0
    assert asked == [level]


def test_verbose_sends_the_log_to_standard_error(say: Say, tmp_path: Path) -> None:
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-m", "blackthorn", "show", "board", "-vv"]
    Path("fitted_models").mkdir()
    Path("fitted_models/damaged.json").write_text("{")
    ended = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    assert ended.returncode == 2
    assert "WARNING blackthorn.cli.model_choice: left out" in ended.stderr


def test_an_interrupt_before_anything_runs_ends_quietly(say: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(program, "main", interrupted)
    said = say("models")
    assert said.code == exits.INTERRUPTED
    assert said.err == "blackthorn: interrupted.\n"
