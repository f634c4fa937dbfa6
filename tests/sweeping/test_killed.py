"""A sweep killed at random moments and resumed ends with what an uninterrupted one has: nothing lost, nothing doubled."""

import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from blackthorn.fitting import fit_device
from blackthorn.storage import open_sweep, read_sweep
from blackthorn.sweeping import sweep
from tests.examples import a_header
from tests.sweeping.deterministic_sweep import LONG, make_selector, measure

KILLS = 20
MOST_POINTS = 3
"""Points that the program may take before it is killed: all runs together stay short of the whole sweep."""
LONGEST_DELAY = 0.2
"""Seconds, about one to three points: the kill may strike anywhere within one, or while the file is opened."""
REPOSITORY = Path(__file__).parents[2]


def start(path: Path) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "tests.sweeping.deterministic_sweep", str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=REPOSITORY)


def run_and_kill(path: Path, chance: random.Random) -> list[str]:
    """Let the program take some points and kill it at any moment of that; gives the points that it reported."""
    with start(path) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "begin\n"
        points = chance.randint(0, MOST_POINTS)
        process.stdin.write("\n" * points)
        process.stdin.flush()
        seen = [process.stdout.readline() for _ in range(chance.randint(0, points))]
        time.sleep(chance.random() * LONGEST_DELAY)
        process.kill()
        seen += process.stdout.readlines()
    return [line.strip() for line in seen if line.endswith("\n")]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no SIGKILL")
def test_killed_and_resumed(tmp_path: Path) -> None:
    path, chance = tmp_path / "killed.jsonl", random.Random(2021)
    reported: list[str] = []
    for _ in range(KILLS):
        reported += run_and_kill(path, chance)
        if reported:
            held = [measurement.probe.key for measurement in read_sweep(path).measurements]
            assert set(reported) <= set(held)
    assert KILLS / 2 <= len(reported) == len(set(reported))
    assert LONG.limit is not None
    assert len(reported) < LONG.limit
    with start(path) as process:
        process.communicate()
    assert process.returncode == 0
    with open_sweep(tmp_path / "whole.jsonl", a_header(LONG)) as file:
        sweep(LONG, make_selector(LONG), measure, file)
    assert path.read_bytes() == (tmp_path / "whole.jsonl").read_bytes()
    formulas = [fit_device([read_sweep(tmp_path / name)], "now", "test").layers for name in ("killed.jsonl", "whole.jsonl")]
    assert formulas[0] == formulas[1]
