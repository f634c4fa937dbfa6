"""Where optional and heavy packages are missing, every module imports, every help is shown, and what needs them says so.

The packages are there, since other tests need them; what finds modules and their versions is kept from finding these.
"""

import os
import pkgutil
import subprocess
import sys
from pathlib import Path

import pytest

import blackthorn
from blackthorn.cli.program import COMMANDS
from tests.networks import light_networks

ROOT = Path(__file__).parents[1]
MISSING = ("matplotlib", "onnx", "onnxruntime", "pycuda", "pynvml", "scipy", "sklearn", "tensorrt")
BLOCKER = f"""
import sys

def is_missing(name):
    return name.partition(".")[0] in {MISSING!r}

class Finder:
    def __init__(self, finder):
        self._finder = finder
    def find_spec(self, name, path=None, target=None):
        return None if is_missing(name) else self._finder.find_spec(name, path, target)
    def find_distributions(self, context):
        found = getattr(self._finder, "find_distributions", lambda context: ())(context)
        return (distribution for distribution in found if not is_missing(distribution.metadata["Name"]))

sys.meta_path[:] = map(Finder, sys.meta_path)
"""


def bare(code: str, folder: Path = ROOT) -> subprocess.CompletedProcess[str]:
    """Run code where the packages are missing."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", BLOCKER + code]
    return subprocess.run(command, capture_output=True, text=True, cwd=folder, env=environment, check=False)


def main_code(*words: str) -> str:
    return f"from blackthorn.cli import main; sys.exit(main({list(words)!r}))"


def test_the_blocker_blocks() -> None:
    tried = "\n".join(f"try:\n    import {package}\nexcept ModuleNotFoundError:\n    print({package!r})" for package in MISSING)
    assert bare(tried).stdout.split() == list(MISSING)
    assert "PackageNotFoundError" in bare("from importlib.metadata import version; version('onnxruntime')").stderr
    assert bare("from importlib.metadata import version; version('numpy')").stderr == ""


def test_every_module_imports() -> None:
    modules = sorted(module.name for module in pkgutil.walk_packages(blackthorn.__path__, "blackthorn."))
    assert len(modules) > 50
    ended = bare("import importlib\n" + "\n".join(f"importlib.import_module({name!r})" for name in modules))
    assert ended.returncode == 0, ended.stderr


def test_every_help_is_shown() -> None:
    words = [[option] for option in ("-h", "--help")] + [[name, option] for name in COMMANDS for option in ("-h", "--help")]
    code = f"from blackthorn.cli import main\nfor words in {words!r}:\n    assert main(words) == 0, words"
    ended = bare(code)
    assert ended.returncode == 0, ended.stderr
    assert ended.stdout.count("Usage: blackthorn") == len(words)


def test_a_network_is_predicted_without_them(tmp_path: Path) -> None:
    from blackthorn.storage import write_model
    from tests.examples import a_model

    write_model(tmp_path / "board.json", a_model())
    ended = bare(main_code("predict", str(light_networks()["light_resnet50"]), "--device", "board.json"), tmp_path)
    assert ended.returncode == 0, ended.stderr
    assert "total" in ended.stdout


def test_sweeps_are_fitted_without_them(tmp_path: Path) -> None:
    sweeps = [str(path) for path in sorted((ROOT / "sweeps" / "cnn").glob("amd-epyc-26-*/conv2d-*-groups2-*.jsonl"))]
    assert any('"footprint":8' in Path(sweep).read_text(encoding="utf-8") for sweep in sweeps)
    ended = bare(main_code("fit", *sweeps, "--out", "board.json"), tmp_path)
    assert ended.returncode == 0, ended.stderr


@pytest.mark.parametrize("words", [["devices"], ["models"], ["devices", "--json"]], ids=" ".join)
def test_what_only_looks_around_works_without_them(tmp_path: Path, words: list[str]) -> None:
    ended = bare(main_code(*words), tmp_path)
    assert ended.returncode == 0, ended.stderr


def test_what_needs_them_says_so_with_the_pip_line(tmp_path: Path) -> None:
    ended = bare(main_code("sweep", "conv2d", "--dim", "filters"), tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "pip install 'onnxruntime'" in ended.stderr


def test_models_that_need_them_say_so_with_the_pip_line(tmp_path: Path) -> None:
    sweep = next((ROOT / "sweeps" / "cnn").glob("*/relu-*.jsonl"))
    ended = bare(main_code("compare", str(sweep), "--models", "roofline,random-forest"), tmp_path)
    assert ended.returncode == 2
    assert ended.stderr.count("\n") == 1
    assert "pip install 'blackthorn[compare]'" in ended.stderr
    ended = bare(main_code("compare", str(sweep), "--models", "blackthorn,roofline"), tmp_path)
    assert ended.returncode == 0, ended.stderr
