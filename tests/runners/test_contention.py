"""What the system says of the processors that others keep busy."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from blackthorn.runners.contention import Contention
from blackthorn.runners.processor_caches import sharing_last_cache

Clocks = Callable[[float, float], None]


def write(root: Path, *busy: int) -> None:
    """The system counts so many ticks of each processor: of the first as user, of the second as nice, ..."""
    lines = [f"cpu  {sum(busy)} 0 0 999 0 0 0 0 0 0"]
    for number, ticks in enumerate(busy):
        counts = ["0"] * 10
        counts[3] = counts[4] = "12345"  # idle, and waiting for disks
        counts[(0, 1, 2, 5, 6, 7)[number]] = str(ticks)
        lines.append(f"cpu{number} {' '.join(counts)}")
    (root / "proc").mkdir(exist_ok=True)
    (root / "proc/stat").write_text("\n".join([*lines, "intr 1 2 3", "ctxt 7"]) + "\n")


def share_cache(root: Path, *lists: str) -> None:
    """The system lists who shares the caches of the first CPU, the last cache last."""
    for index, numbers in enumerate(lists):
        folder = root / f"sys/devices/system/cpu/cpu0/cache/index{index}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "size").write_text(f"{index + 1}M\n")
        (folder / "shared_cpu_list").write_text(f"{numbers}\n")


@pytest.fixture
def clocks(monkeypatch: pytest.MonkeyPatch) -> Clocks:
    """Sets the seconds that have gone by, and those that this process worked, on the first CPU alone."""
    now = [0.0, 0.0]
    monkeypatch.setattr(time, "perf_counter", lambda: now[0])
    monkeypatch.setattr(time, "process_time", lambda: now[1])
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0}, raising=False)
    return lambda *seconds: now.__setitem__(slice(2), seconds)


def test_it_is_what_others_took_of_the_processors_that_share_the_last_cache(tmp_path: Path, clocks: Clocks) -> None:
    share_cache(tmp_path, "0", "0-1,3")
    write(tmp_path, 500, 700, 0, 0)
    contention = Contention(tmp_path)
    clocks(2.0, 1.9)
    write(tmp_path, 700, 850, 150, 100)
    assert contention.processors() == pytest.approx((2.0 + 1.5 + 1.0 - 1.9) / 2.0)
    clocks(3.0, 2.9)
    write(tmp_path, 790, 850, 900, 100)
    assert contention.processors() == 0.0, "this process alone, and one that the third has for itself"


@pytest.mark.parametrize("text", ["", "cpu0", "cpu0 much of it\n\ncpu", "nothing is kept"])
def test_where_the_system_does_not_tell_others_do_nothing(tmp_path: Path, text: str) -> None:
    assert Contention(tmp_path).processors() == 0.0
    write(tmp_path)
    (tmp_path / "proc/stat").write_text(text)
    assert Contention(tmp_path).processors() == 0.0


@pytest.mark.parametrize(
    ("listed", "shared"),
    [("0-1", [0, 1]), ("0,4-5", [0, 4, 5]), ("0", [0]), ("", [0]), ("-", [0]), ("3-", [3]), ("²-4", [0]), ("all", [0])],
)
def test_who_shares_the_last_cache(tmp_path: Path, listed: str, shared: list[int]) -> None:
    share_cache(tmp_path, "0", listed)
    assert sharing_last_cache(0, tmp_path) == shared
    assert sharing_last_cache(7, tmp_path) == [7]


@pytest.mark.skipif(not Path("/proc/stat").exists(), reason="this system does not count what processors do")
def test_a_process_that_is_busy_beside_this_one_is_noticed() -> None:
    with subprocess.Popen([sys.executable, "-c", "print(flush=True)\nwhile True: pass"], stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        other.stdout.readline()
        contention = Contention()
        time.sleep(0.5)
        beside = contention.processors()
        other.kill()
    assert beside > 0.5
