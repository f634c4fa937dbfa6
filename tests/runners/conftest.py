"""NVIDIA's programs and packages, played: trtexec in all tests of runners, a GPU in those that ask for `nvidia`."""

import importlib
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

FAKE = Path(__file__).with_name("fake_trtexec.py")


def install_trtexec(folder: Path) -> Path:
    """The stand-in as a program named trtexec."""
    program = folder / "trtexec"
    program.write_text(f"#!{sys.executable} -S\n{FAKE.read_text()}")
    program.chmod(0o755)
    return program


@pytest.fixture(scope="session", autouse=True)
def trtexec(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The stand-in on the path, with a folder of its own for what trtexec keeps."""
    folder = tmp_path_factory.mktemp("trtexec")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
        patch.setenv("XDG_CACHE_HOME", str(folder / "cache"))
        yield install_trtexec(folder)


DOUBLES = Path(__file__).parent / "doubles"
PLAYED = ("nvidia_script", "pycuda", "tensorrt", "tensorrt_rtx")


@pytest.fixture
def nvidia(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Any]:
    """The script of the GPU; the packages are imported when the runner asks for them, so a test can still choose a version."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.syspath_prepend(str(DOUBLES))
    before = {name: module for name, module in sys.modules.items() if name.partition(".")[0] in PLAYED}
    _forget()
    yield importlib.import_module("nvidia_script").script
    _forget()
    sys.modules.update(before)


def _forget() -> None:
    for name in [name for name in sys.modules if name.partition(".")[0] in PLAYED]:
        del sys.modules[name]
    importlib.invalidate_caches()
