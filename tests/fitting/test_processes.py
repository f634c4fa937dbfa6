"""Classes fitted by several processes: the same formulas as by one, and nothing of them seen when Ctrl-C is pressed."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from blackthorn.fitting import processes
from blackthorn.fitting.class_formula import fit_class
from blackthorn.fitting.classes import LayerClass, layer_classes
from blackthorn.fitting.processes import fit_by, usable_cpus
from blackthorn.records import LayerFormula, Range
from tests.fitting.test_device import PLANE, STAIRS, a_sweep

RECORDED = Path(__file__).parents[2] / "sweeps" / "cnn" / "amd-epyc-25-17-1-2cpu-onnxruntime-1t"
PATIENCE = 60.0
"""Seconds."""


def formulas(fitted: Iterable[LayerFormula]) -> list[str]:
    """As they are written: batches differ in the last digits."""
    return [one.text for one in fitted]


@pytest.fixture
def groups() -> list[LayerClass]:
    """Three classes, the largest of them neither first nor last."""
    sweeps = [
        a_sweep(STAIRS, {"filters": Range(1, 40)}, {"kernel": 1}),
        a_sweep(PLANE, {"filters": Range(1, 40, 3), "channels": Range(8, 64, 8)}),
        a_sweep(STAIRS, {"filters": Range(1, 30)}, {"kernel": 5}),
    ]
    return layer_classes(sweeps)


@pytest.mark.usefixtures("_few_are_many")
def test_formulas_do_not_depend_on_how_many_processes_fit(groups):
    assert fit_by(2, groups) == fit_by(1, groups)


@pytest.mark.usefixtures("_few_are_many")
def test_every_class_has_the_formula_that_it_has_alone(groups):
    assert formulas(fit_by(2, groups)) == formulas(map(fit_class, groups))


@pytest.fixture
def _few_are_many(monkeypatch):
    monkeypatch.setattr(processes, "FEWEST_POINTS", 1)
    monkeypatch.setattr(processes, "POINTS_AT_ONCE", 80)


@pytest.fixture
def _no_processes(monkeypatch):
    def refused(*_: object) -> None:
        raise PermissionError("no more processes")

    monkeypatch.setattr(processes, "ProcessPoolExecutor", refused)


@pytest.mark.usefixtures("_few_are_many", "_no_processes")
def test_a_system_without_processes_to_give_fits_all_the_same(groups, caplog):
    assert formulas(fit_by(2, groups)) == formulas(map(fit_class, groups))
    assert "fitting goes on in one process: no more processes" in caplog.text


@pytest.mark.usefixtures("_no_processes")
def test_few_measurements_are_fitted_where_they_are(groups, caplog):
    assert formulas(fit_by(2, groups)) == formulas(map(fit_class, groups))
    assert not caplog.text


@pytest.fixture
def fitting(tmp_path: Path) -> Iterator[subprocess.Popen[str]]:
    """The command at work, with processes of its own, in a process group as of a terminal."""
    with subprocess.Popen(
        [sys.executable, "-m", "blackthorn", "fit", str(RECORDED)],
        cwd=tmp_path,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as command:
        try:
            yield command
        finally:
            command.kill()


@pytest.mark.skipif(sys.platform != "linux" or usable_cpus() < 2, reason="needs Linux and two CPUs")
def test_ctrl_c_ends_all_processes_with_one_line(fitting):
    children = Path(f"/proc/{fitting.pid}/task/{fitting.pid}/children")
    end = time.monotonic() + PATIENCE
    while len(children.read_text().split()) < 3 and time.monotonic() < end:  # one of them looks after what they share
        time.sleep(0.02)
    os.killpg(fitting.pid, signal.SIGINT)
    _, said = fitting.communicate(timeout=PATIENCE)
    assert fitting.returncode == 130
    assert said.strip() == "blackthorn: interrupted."
