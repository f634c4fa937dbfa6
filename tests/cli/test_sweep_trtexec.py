"""Sweeps that drive trtexec, from the command line; a stand-in plays the program."""

import os
from pathlib import Path

import pytest

from blackthorn.runners import trtexec_program
from tests.cli.conftest import Say
from tests.runners.conftest import install_trtexec

SWEEP = "sweep conv2d --dim filters --range filters=16:64:16 --full --runner trtexec --precision fp16"


@pytest.fixture
def board(say: Say, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Say:
    """Runs command lines where trtexec is on the path."""
    programs = tmp_path / "programs"
    programs.mkdir()
    install_trtexec(programs)
    monkeypatch.setenv("PATH", f"{programs}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return say


def test_a_sweep_is_timed_by_trtexec_and_fitted(board: Say) -> None:
    found = board(f"{SWEEP} --json").json
    assert (found["device"], found["measured"], found["skipped"]) == ("orin-trtexec", 4, [])
    assert float(found["class"]["formula_ms"]) == pytest.approx(0.03, rel=0.01)
    (path,) = Path("sweeps/orin-trtexec").iterdir()
    assert '"reference":null' in path.read_text()


def test_without_a_gpu_the_sweep_ends_in_a_sentence(board: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAKE_TRTEXEC_SAYS", "no gpu")
    assert "trtexec finds no NVIDIA GPU; check it with nvidia-smi" in board(SWEEP).refusal


def test_layers_that_tensorrt_cannot_read_are_told_by_their_node(board: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    assert board("sweep conv2d --dim filters --range filters=16:32:16 --full --runner trtexec").code == 0
    monkeypatch.setenv("FAKE_TRTEXEC_SAYS", "no parser")
    said = board(SWEEP)
    assert said.code == 2
    assert "TensorRT cannot read the node 'layer0' (Conv)" in said.err


def test_devices_lists_it_and_says_where_it_is_missing(board: Say, monkeypatch: pytest.MonkeyPatch) -> None:
    def state() -> dict:
        return next(runner for runner in board("devices --json").json["runners"] if runner["name"] == "trtexec")

    assert state()["runs_here"]
    monkeypatch.setattr(trtexec_program, "USUAL_PLACES", ())
    monkeypatch.setenv("PATH", "")
    assert "sudo apt install tensorrt" in state()["lacks"]
    assert "which is not found; install TensorRT" in board(SWEEP).refusal
