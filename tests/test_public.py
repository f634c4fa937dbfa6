"""The library's door: every name is there, typed, and nothing is imported before it is asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import blackthorn

ROOT = Path(__file__).parents[1]


@pytest.mark.parametrize("name", blackthorn.__all__)
def test_every_public_name_stands_for_something_documented(name: str) -> None:
    assert name in dir(blackthorn)
    found = getattr(blackthorn, name)
    assert name == "__version__" or found.__doc__


def test_every_name_that_the_door_can_open_is_public() -> None:
    places = [name for names in blackthorn._PLACES.values() for name in names]
    assert sorted([*places, "__version__"]) == sorted(blackthorn.__all__)


def test_another_name_is_an_ordinary_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'sweeep'"):
        _ = blackthorn.sweeep


def test_importing_it_imports_nothing_else() -> None:
    code = "import sys; before = set(sys.modules); import blackthorn; print(*(set(sys.modules) - before))"
    ended = subprocess.run(
        [sys.executable, "-S", "-c", code],
        capture_output=True,
        text=True,
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": "."},
        check=True,
    )
    imported = {name.partition(".")[0] for name in ended.stdout.split()}
    assert "blackthorn" in imported
    assert imported <= {"blackthorn", *sys.stdlib_module_names}


def test_it_is_marked_as_typed() -> None:
    assert (Path(blackthorn.__file__).parent / "py.typed").exists()
