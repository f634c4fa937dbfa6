"""Throttling is told from the files of recorded trees."""

from pathlib import Path

import pytest

from blackthorn.runners.throttling import SystemWatch
from tests.runners.boards import CPUFREQ, DEVFREQ, NANO, ORIN_NX, THERMAL, XAVIER_NX, Files, a_computer, cpu


@pytest.mark.parametrize("files", [NANO, XAVIER_NX, ORIN_NX, {}], ids=["nano", "xavier_nx", "orin_nx", "another computer"])
def test_a_computer_at_peace_tells_nothing(tmp_path: Path, files: Files) -> None:
    watch = SystemWatch(a_computer(tmp_path, files))
    assert watch.reasons() == []
    assert watch.reasons() == []


def test_an_alert_is_told_while_it_lasts(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, NANO))
    a_computer(tmp_path, {f"{THERMAL}/cooling_device1/cur_state": "1\n"})
    assert watch.reasons() == watch.reasons() == ["gpu-throttle-alert"]
    a_computer(tmp_path, {f"{THERMAL}/cooling_device1/cur_state": "0\n"})
    assert watch.reasons() == []


def test_fans_and_limits_of_the_power_mode_are_no_alerts(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, ORIN_NX))
    a_computer(tmp_path, {f"{THERMAL}/cooling_device{index}/cur_state": "4\n" for index in (0, 1, 2)})
    assert watch.reasons() == []


def test_what_was_counted_is_told_once(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, XAVIER_NX))
    a_computer(tmp_path, {"sys/class/hwmon/hwmon2/oc1_event_cnt": "5\n"})
    assert watch.reasons() == ["sys/class/hwmon/hwmon2/oc1_event_cnt"]
    assert watch.reasons() == []


def test_a_processor_that_counts_its_throttling_is_heard(tmp_path: Path) -> None:
    place = "sys/devices/system/cpu/cpu3/thermal_throttle/core_throttle_count"
    watch = SystemWatch(a_computer(tmp_path, {place: "17\n"}))
    a_computer(tmp_path, {place: "18\n"})
    assert watch.reasons() == [place]


@pytest.mark.parametrize(
    ("place", "rate", "told"),
    [
        (f"{DEVFREQ}/17000000.gv11b/cur_freq", 905250000, "17000000.gv11b at 1109 MHz, now 905 MHz"),
        (f"{CPUFREQ}/policy2/scaling_cur_freq", 1190400, "cpu2 at 1421 MHz, now 1190 MHz"),
    ],
)
def test_a_locked_clock_that_goes_slower_is_told(tmp_path: Path, place: str, rate: int, told: str) -> None:
    watch = SystemWatch(a_computer(tmp_path, XAVIER_NX))
    a_computer(tmp_path, {place: f"{rate}\n"})
    assert watch.reasons() == [told]


def test_a_locked_clock_whose_limits_were_taken_down_is_told(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, XAVIER_NX))
    a_computer(tmp_path, cpu(4, 1190400, 1190400, 1190400))
    assert watch.reasons() == ["cpu4 at 1190 MHz, now 1190 MHz"]


def test_a_locked_clock_may_be_told_a_little_lower(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, XAVIER_NX))
    a_computer(tmp_path, {f"{CPUFREQ}/policy0/scaling_cur_freq": "1401600\n"})
    assert watch.reasons() == []


def test_a_clock_that_is_not_locked_may_go_as_slow_as_it_likes(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, NANO))
    a_computer(tmp_path, {f"{CPUFREQ}/policy0/scaling_cur_freq": "102000\n"})
    assert watch.reasons() == []


def test_a_part_that_sleeps_is_not_slowed(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, XAVIER_NX))
    a_computer(tmp_path, {f"{DEVFREQ}/17000000.gv11b/cur_freq": "0\n"})
    assert watch.reasons() == []


def test_files_that_vanish_are_no_error(tmp_path: Path) -> None:
    watch = SystemWatch(a_computer(tmp_path, XAVIER_NX))
    for place in XAVIER_NX:
        (tmp_path / place).unlink()
    assert watch.reasons() == []
