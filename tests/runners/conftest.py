"""A stand-in for trtexec is found on the path in all tests of runners, so that the laws hold it, too."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

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
