"""What the scheduler says of threads that waited."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blackthorn.runners.waiting import Waiting


def write(root: Path, delays: dict[str, int]) -> None:
    for thread, delay in delays.items():
        folder = root / "proc/self/task" / thread
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "schedstat").write_text(f"123456789 {delay} 17\n")


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the seconds that have gone by."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return lambda seconds: now.__setitem__(0, seconds)


def test_it_is_the_share_of_the_time_since_it_was_last_asked(tmp_path: Path, clock: Callable[[float], None]) -> None:
    write(tmp_path, {"7": 50_000_000})
    waiting = Waiting(tmp_path)
    waiting.share()
    clock(0.1)
    write(tmp_path, {"7": 75_000_000})
    assert waiting.share() == pytest.approx(0.25)
    clock(0.2)
    assert waiting.share() == 0.0


def test_of_several_threads_that_which_waited_longest_counts(tmp_path: Path, clock: Callable[[float], None]) -> None:
    write(tmp_path, {"7": 0, "8": 0})
    waiting = Waiting(tmp_path)
    waiting.share()
    clock(0.1)
    write(tmp_path, {"7": 10_000_000, "8": 30_000_000, "9": 20_000_000})
    assert waiting.share() == pytest.approx(0.3)


def test_a_share_is_at_most_the_whole(tmp_path: Path, clock: Callable[[float], None]) -> None:
    waiting = Waiting(tmp_path)
    clock(0.1)
    write(tmp_path, {"7": 900_000_000})
    assert waiting.share() == 1.0


@pytest.mark.parametrize("text", ["", "0", "nothing is kept"])
def test_where_the_system_does_not_tell_nothing_was_waited_for(tmp_path: Path, text: str) -> None:
    assert Waiting(tmp_path).share() == 0.0
    write(tmp_path, {"7": 1})
    (tmp_path / "proc/self/task/7/schedstat").write_text(text)
    assert Waiting(tmp_path).share() == 0.0


@pytest.mark.skipif(not Path("/proc/self/schedstat").exists(), reason="this system does not count how long threads wait")
def test_a_process_on_the_same_processor_is_noticed() -> None:
    allowed = os.sched_getaffinity(0)
    here = min(allowed)
    busy = f"import os\nos.sched_setaffinity(0, {{{here}}})\nprint(flush=True)\nwhile True: pass"
    os.sched_setaffinity(0, {here})
    try:
        with subprocess.Popen([sys.executable, "-c", busy], stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            other.stdout.readline()
            waiting = Waiting()
            waiting.share()
            end = time.perf_counter() + 0.3
            while time.perf_counter() < end:
                pass
            share = waiting.share()
            other.kill()
    finally:
        os.sched_setaffinity(0, allowed)
    assert 0.05 < share < 0.999
