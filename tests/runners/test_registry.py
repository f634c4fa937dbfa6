"""Runners are found by name, those of other packages, too."""

import subprocess
import sys
from importlib.metadata import EntryPoint, EntryPoints

import pytest

import blackthorn.runners
from blackthorn.errors import UnknownName
from blackthorn.runners import runner_class, runner_classes
from blackthorn.runners.simulated import SimulatedRunner


class Other(SimulatedRunner):
    """A runner of another package."""

    name = "other"


def install(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """As if a package had been installed that registers `Other` under these names."""
    found = EntryPoints(EntryPoint(name, "tests.runners.test_registry:Other", "blackthorn.runners") for name in names)
    monkeypatch.setattr(blackthorn.runners, "entry_points", lambda group: found.select(group=group))


def test_the_built_in_ones_are_there() -> None:
    assert {"onnxruntime", "recorded", "simulated"} <= set(runner_classes())


def test_a_wrong_name_is_told_the_nearest() -> None:
    with pytest.raises(UnknownName, match=r"no runner named 'onnxrutime'; did you mean 'onnxruntime'\.$"):
        runner_class("onnxrutime")


def test_another_package_can_add_one(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "other")
    assert runner_class("other") is Other
    assert runner_classes()["other"] is Other


def test_another_package_cannot_replace_one(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, "simulated")
    assert runner_class("simulated") is SimulatedRunner


def test_finding_runners_imports_nothing_heavy() -> None:
    code = (
        "import sys; from blackthorn.runners import runner_classes\n"
        "[kind.lacks() for kind in runner_classes().values()]\n"
        "sys.exit(str(sorted({'onnx', 'onnxruntime', 'pycuda', 'scipy', 'tensorrt'} & set(sys.modules)) or ''))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
