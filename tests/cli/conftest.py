"""Command lines run in this process, each test in an empty folder of its own."""

import shlex
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NamedTuple

import msgspec
import pytest

from blackthorn.cli import main
from blackthorn.formulas import Constant, Formula, Linear, Step

STAIRCASE: Formula = Step("filters", 32, Constant(2e-4), Constant(5e-5))
NESTED: Formula = Step("filters", 32, Linear("channels", Constant(2e-4), Constant(1e-6)), Constant(4e-5))


class Said(NamedTuple):
    """What a command line did: its exit code, and what it wrote."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict:
        return msgspec.json.decode(self.out)

    @property
    def refusal(self) -> str:
        """The one line of a command that was refused."""
        assert self.code == 2, self
        assert self.out == ""
        assert self.err.count("\n") == 1, self.err
        assert self.err.startswith("blackthorn: ")
        assert self.err.endswith(".\n")
        return self.err


Say = Callable[[str], Said]


@pytest.fixture
def say(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Say:
    """Runs a command line as it would be typed, `blackthorn` left out, in a folder that holds `board.json` only.

    No fitted model comes with the program here, or what is found would depend on the computer.
    """
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("blackthorn.cli.model_choice.shipped_models", lambda: tmp_path / "shipped")
    write_device("board.json", {"conv2d": STAIRCASE})

    def run(line: str) -> Said:
        code = main(shlex.split(line))
        return Said(code, *capsys.readouterr())

    return run


def write_device(name: str, formulas: Mapping[str, Formula], **chances: float) -> Path:
    """A file of a simulated device."""
    path = Path(name)
    path.write_bytes(msgspec.json.encode({"formulas": dict(formulas), **chances}))
    return path


@pytest.fixture(scope="session")
def fitted_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder after a sweep of the simulated board and a fit of it; to be copied, not changed."""
    folder = tmp_path_factory.mktemp("fitted")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        write_device("board.json", {"conv2d": STAIRCASE})
        assert main(["sweep", "conv2d", "--dim", "filters", "--formulas", "board.json", "--max-points", "20"]) == 0
        assert main(["fit"]) == 0
    return folder


@pytest.fixture
def fitted(say: Say, fitted_folder: Path) -> Say:
    """Runs command lines in a folder in which the simulated board was swept and fitted."""
    shutil.copytree(fitted_folder, Path.cwd(), dirs_exist_ok=True)
    return say
