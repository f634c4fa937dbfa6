import errno
import os
import subprocess
import sys
from pathlib import Path

import click
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from blackthorn.cli import main
from blackthorn.cli.exits import DEBUG_VARIABLE, ending, exit_code_of
from blackthorn.cli.program import COMMANDS
from blackthorn.errors import BadValue
from tests.cli.conftest import Say


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (BadValue("it is wrong", "mend it"), 2, "it is wrong; mend it."),
        (click.UsageError("Missing argument 'LAYER'."), 2, "Missing argument 'LAYER'; see: blackthorn --help."),
        (KeyboardInterrupt(), 130, "interrupted."),
        (click.Abort(), 130, "interrupted."),
        (ModuleNotFoundError(name="scipy.stats"), 2, "pip install 'scipy'"),
        (ModuleNotFoundError(name="matplotlib"), 2, "pip install 'blackthorn[plot]'"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied", "/etc/x"), 2, "at /etc/x"),
        (ModuleNotFoundError("no blackthorn.layer", name="blackthorn.layer"), 1, "a defect of blackthorn"),
        (ZeroDivisionError("division by\nzero"), 1, "ZeroDivisionError: division by)"),
        (RecursionError(), 1, DEBUG_VARIABLE),
    ],
)
def test_every_error_has_an_exit_code_and_one_sentence(error: BaseException, code: int, said: str) -> None:
    end = ending(error)
    assert end.code == code
    assert said in end.message
    assert "\n" not in end.message
    assert end.message.endswith(".")


def test_a_traceback_is_shown_only_on_demand(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fail() -> None:
        raise BadValue("it is wrong", "mend it")

    assert exit_code_of(fail) == 2
    assert "Traceback" not in capsys.readouterr().err
    monkeypatch.setenv(DEBUG_VARIABLE, "1")
    assert exit_code_of(fail) == 2
    said = capsys.readouterr().err
    assert "Traceback" in said
    assert said.endswith("blackthorn: it is wrong; mend it.\n")


@pytest.mark.parametrize(
    ("line", "nearest"),
    [
        ("swep", "did you mean 'sweep'"),
        ("frobnicate", "choose one of: compare, completion"),
        ("sweep conv2d --dims filters", "there is no option of 'blackthorn sweep' named '--dims'; did you mean '--dim'"),
        ("predict x.onnx --device", "Option '--device' requires an argument"),
        ("predict", "MODEL.onnx"),
        ("--jsn", "did you mean"),
        ("show a b", "see: blackthorn show --help"),
    ],
)
def test_a_slip_of_the_keyboard_gets_the_nearest_name(say: Say, line: str, nearest: str) -> None:
    assert nearest in say(line).refusal


WORDS = [*COMMANDS, "conv2d", "--dim", "--at", "--range", "--json", "--full", "--formulas", "board.json", "--device", "filters"]
WORDS += [
    "--out",
    "x",
    "--input-shape",
    "data=1,3",
    "filters=1:4",
    "height=3",
    "--top",
    "-1",
    "--latex",
    "--against",
    "bash",
    ".",
]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60, deadline=None)
@given(words=st.lists(st.sampled_from(WORDS) | st.text(max_size=5), max_size=6))
def test_no_command_line_ends_in_a_defect(say: Say, capsys: pytest.CaptureFixture[str], words: list[str]) -> None:
    assert main(words) in (0, 2)
    assert "defect" not in capsys.readouterr().err


def run(*words: str, **settings) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).parents[2]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    command = [sys.executable, "-m", "blackthorn", *words]
    return subprocess.run(command, text=True, stderr=subprocess.PIPE, env=environment, check=False, **settings)


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a device that is always full")
def test_a_full_disk_is_one_sentence() -> None:
    with Path("/dev/full").open("w") as full:
        ended = run("devices", stdout=full)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "No space left on device" in ended.stderr


@pytest.mark.skipif(os.name == "nt", reason="pipes break in other ways there")
def test_a_reader_that_leaves_is_no_error() -> None:
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w") as gone:
        ended = run("devices", stdout=gone)
    assert ended.stderr == ""


def test_a_path_that_no_system_has_is_refused(say: Say) -> None:
    assert "no path holds the character 0" in say("sweep conv2d --dim filters --out 'a\0b'").refusal
