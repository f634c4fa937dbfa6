"""The README is right: every command and option is in it, and every command line and program in it runs."""

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec
import pytest

from blackthorn.cli import main
from blackthorn.cli.model_choice import this_device
from blackthorn.cli.program import COMMANDS, program
from blackthorn.layers import layer_kind
from blackthorn.records import PlannedSweep, Preset, Range
from blackthorn.storage import model_path, write_model
from tests.examples import a_model
from tests.importing.engines import LOG, convolution, write_engine
from tests.importing.test_ort_profile import profile_of
from tests.networks import light_networks

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")
ELSEWHERE = ("pip", "make", "git", "sudo", "scp", "trtexec")
"""Programs whose command lines are not run here."""
FEW_POINTS = "--formulas staircase.json --max-points 6"
"""Put after a sweep that would take minutes on a device."""
ON_A_GPU = " --runner trtexec"
"""Left out of sweeps: what it needs is not here."""
FEW_SECONDS = "--seconds 0.1"
"""Put after what times whole networks."""

SMALL_PRESET = "small.json"
"""Stands in for a preset that would take minutes."""
PLANNED = PlannedSweep("conv2d", {"filters": Range(1, 64)}, points=6)


def blocks(language: str) -> list[str]:
    """The code blocks of a language, in order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", README, re.DOTALL | re.MULTILINE)


def command_lines() -> list[str]:
    """Every line of a console block that follows a prompt, in order."""
    return [line.removeprefix("$ ") for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]


def runnable(line: str) -> list[str]:
    """The words of a command line, `blackthorn` left out, with a device that takes no time."""
    line = line.replace(ON_A_GPU, "")
    if "--preset cnn" in line:
        line = line.replace("--preset cnn", f"--preset {SMALL_PRESET} --formulas staircase.json")
    elif line.startswith("blackthorn sweep") and "--formulas" not in line:
        line = f"{line} {FEW_POINTS}"
    if line.startswith(("blackthorn measure", "blackthorn validate")):
        line = f"{line} {FEW_SECONDS}"
    return shlex.split(line)[1:]


def without_numbers(text: str) -> str:
    """A text with a 0 in place of every number, so that it can be compared across computers."""
    return re.sub(r"[+-]?\d+(\.\d+)?", "0", text)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """What the README takes for granted: a network, a model of this machine, and the simulated device that it shows."""
    monkeypatch.chdir(tmp_path)
    shutil.copy(light_networks()["light_resnet50"], "resnet50.onnx")
    Path(SMALL_PRESET).write_bytes(msgspec.json.encode(Preset("small", "one sweep", 1.0, (PLANNED,))))
    (device,) = blocks("json")
    Path("staircase.json").write_text(device)
    model = msgspec.structs.replace(a_model(), device=msgspec.structs.replace(a_model().device, name=this_device()))
    write_model(model_path(Path("fitted_models"), this_device()), model)
    write_timings_of_others(tmp_path)
    return tmp_path


def write_timings_of_others(folder: Path) -> None:
    """Files of trtexec, of ONNX Runtime and of a spreadsheet."""
    engine = write_engine(folder, [convolution("/conv/Conv", "/relu/Relu")], [10.0])
    engine.profile.rename("profile.json")
    engine.info.rename("layers.json")
    Path("trtexec.log").write_text(LOG)
    profile_of(Path("resnet50.onnx"), folder, runs=2).rename("ort_profile.json")
    Path("times.csv").write_text("board,out_ch,in_ch,hw,time_ms\nnano,64,32,28,1.5\ntx2,64,32,28,0.7\n")


@pytest.mark.usefixtures("folder")
def test_every_command_line_runs_and_then_the_program(capsys: pytest.CaptureFixture[str]) -> None:
    ran = [line for line in command_lines() if not line.startswith(ELSEWHERE)]
    assert len(ran) > 10
    for line in ran:
        assert line.startswith("blackthorn ")
        assert main(runnable(line)) == 0, (line, capsys.readouterr())
    capsys.readouterr()
    (code,) = blocks("python")
    exec(compile(code, "README.md", "exec"), {})
    assert re.fullmatch(r"\d+\.\d ms, most of it in n\d+\n", capsys.readouterr().out)


@pytest.mark.usefixtures("folder")
def test_the_simulated_device_says_what_the_readme_shows(capsys: pytest.CaptureFixture[str]) -> None:
    """Where an output is shown, it is shown whole; numbers may differ in their last digits, words and formulas may not."""
    shown = [
        part for block in blocks("console") for part in re.split(r"^\$ ", block, flags=re.MULTILINE) if "staircase" in part
    ]
    compared = 0
    for part in shown:
        line, _, output = part.partition("\n")
        assert main(shlex.split(line)[1:]) == 0
        said = capsys.readouterr().out
        if output:
            assert without_numbers(said) == without_numbers(output), line
            compared += 1
    assert compared >= 3


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_documented_with_all_of_its_options(name: str) -> None:
    command = program.get_command(click.Context(program), name)
    assert command is not None
    (row,) = re.findall(rf"^\| `blackthorn {name}\b.*$", README, re.MULTILINE)
    common = re.findall(r"^Every command has .*$", README, re.MULTILINE)[0]
    for option in command.params:
        if isinstance(option, click.Option):
            assert any(f"`{written}`" in row + common for written in option.opts if written.startswith("--")), option.opts


def test_no_command_is_documented_that_is_not_there() -> None:
    assert set(re.findall(r"^\| `blackthorn (\w+)", README, re.MULTILINE)) == set(COMMANDS)


def test_every_dimension_is_documented_with_its_usual_range() -> None:
    kind = layer_kind("conv2d")
    for dimension in kind.dimensions:
        (row,) = re.findall(rf"^\|.*`{dimension.name}`.*\| [^|]* \| [^|]* \|$", README, re.MULTILINE)[:1]
        assert f"| {dimension.lowest} to {dimension.highest} |" in row
        usual = f"as `{dimension.default}`" if isinstance(dimension.default, str) else str(dimension.default)
        assert usual in row
    for shorthand in kind.shorthands:
        assert f"both: `{shorthand}`" in README
