"""What the scheduler says of time spent waiting."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blackthorn.runners.waiting import MOST, Waiting


def write(root: Path, text: str) -> None:
    folder = root / "proc/thread-self"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schedstat").write_text(text)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """Sets the seconds that have gone by."""
    now = [0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    return lambda seconds: now.__setitem__(0, seconds)


def test_it_is_the_share_of_the_time_since_it_was_last_asked(tmp_path: Path, clock: Callable[[float], None]) -> None:
    write(tmp_path, "123456789 50000000 17\n")
    waiting = Waiting(tmp_path)
    waiting.share()
    clock(0.1)
    write(tmp_path, "123456789 75000000 18\n")
    assert waiting.share() == pytest.approx(0.25)
    clock(0.2)
    assert waiting.share() == 0.0


def test_a_share_is_never_the_whole(tmp_path: Path, clock: Callable[[float], None]) -> None:
    waiting = Waiting(tmp_path)
    clock(0.1)
    write(tmp_path, "123456789 900000000 18\n")
    assert waiting.share() == MOST


@pytest.mark.parametrize("text", ["", "0", "nothing is kept"])
def test_where_the_system_does_not_tell_nothing_was_waited_for(tmp_path: Path, text: str) -> None:
    assert Waiting(tmp_path).share() == 0.0
    write(tmp_path, text)
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
    assert 0.05 < share < MOST
