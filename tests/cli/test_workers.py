"""Work in several processes, and in one."""

import os

import pytest

from blackthorn.cli import workers
from blackthorn.cli.workers import shared_out
from blackthorn.errors import BadValue


def process_and_square(number: int) -> tuple[int, int]:
    return os.getpid(), number * number


def refuse(number: int) -> int:
    raise BadValue(f"there is no {number}", "take another one")


def test_things_come_back_in_their_order_from_other_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "usable_cpus", lambda: 2)
    processes, squares = zip(*shared_out(process_and_square, range(7)), strict=True)
    assert squares == tuple(number * number for number in range(7))
    assert os.getpid() not in processes


def test_one_cpu_and_one_thing_need_no_other_process(monkeypatch: pytest.MonkeyPatch) -> None:
    assert shared_out(process_and_square, [3]) == [(os.getpid(), 9)]
    monkeypatch.setattr(workers, "usable_cpus", lambda: 1)
    assert shared_out(process_and_square, [2, 3]) == [(os.getpid(), 4), (os.getpid(), 9)]


def test_a_machine_without_semaphores_works_in_one_process(monkeypatch: pytest.MonkeyPatch) -> None:
    def no_semaphores(*_: object) -> None:
        raise OSError(38, "Function not implemented")

    monkeypatch.setattr(workers, "usable_cpus", lambda: 2)
    monkeypatch.setattr(workers, "ProcessPoolExecutor", no_semaphores)
    assert shared_out(process_and_square, [2, 3]) == [(os.getpid(), 4), (os.getpid(), 9)]


def test_what_is_refused_in_another_process_is_refused_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers, "usable_cpus", lambda: 2)
    with pytest.raises(BadValue, match="there is no 1"):
        shared_out(refuse, [1, 2])
