"""A GPU and NVIDIA's packages, played, for tests that ask for `nvidia`."""

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

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
