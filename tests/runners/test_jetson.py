"""Boards are described from the files of recorded trees, whole ones and such as lack a part."""

from pathlib import Path

import pytest

from blackthorn.runners.host import describe_host
from blackthorn.runners.jetson import Jetson, describe_jetson, free_memory, power_modes
from tests.runners.boards import NANO, ORIN_NX, THOR, XAVIER_NX, Files, a_computer, cpuinfo

BOARDS = {"nano": NANO, "xavier_nx": XAVIER_NX, "orin_nx": ORIN_NX, "thor": THOR}


def board(folder: Path, files: Files) -> Jetson:
    found = describe_jetson(a_computer(folder, files))
    assert found is not None
    return found


def test_a_nano_is_described(tmp_path: Path) -> None:
    assert board(tmp_path, NANO).details() == {
        "chip": "tegra210",
        "l4t": "32.7.1",
        "jetpack": "4",
        "power_mode": "MAXN",
        "clocks": "not locked",
        "clock_cpu0": "102 to 1479 MHz, now 922 MHz",
        "clock_57000000.gpu": "77 to 922 MHz, now 77 MHz",
        "clock_memory": "1600 MHz",
        "temperatures": "AO 41.5 C, CPU 33.0 C, GPU 31.5 C, thermal-fan-est 32.2 C",
        "free_memory": "2417360 kB",
    }


def test_a_xavier_with_locked_clocks_is_described(tmp_path: Path) -> None:
    details = board(tmp_path, XAVIER_NX).details()
    assert details["power_mode"] == "MODE_20W_6CORE"
    assert details["clocks"] == "locked"
    assert details["clock_17000000.gv11b"] == "1109 MHz, now 1109 MHz"
    assert [name for name in details if name.startswith("clock_cpu")] == ["clock_cpu0", "clock_cpu2", "clock_cpu4"]
    assert (details["l4t"], details["jetpack"]) == ("35.4.1", "5")


def test_an_orin_whose_gpu_sleeps_is_described(tmp_path: Path) -> None:
    details = board(tmp_path, ORIN_NX).details()
    assert (details["l4t"], details["jetpack"], details["chip"]) == ("36.3.0", "6.0", "tegra234")
    assert details["clock_17000000.gpu"] == "306 to 408 MHz"
    assert details["temperatures"] == "cpu 48.8 C, tj 49.1 C"
    assert "clock_15340000.vic" not in details


def test_what_only_root_can_read_is_said(tmp_path: Path) -> None:
    assert board(tmp_path, ORIN_NX).details()["clock_memory"] == "only root can read it"


def test_thor_tells_every_part_of_its_gpu_and_its_memory_to_all(tmp_path: Path) -> None:
    found = board(tmp_path, THOR)
    assert [clock.name for clock in found.gpu_clocks] == ["gpu-gpc-0", "gpu-nvd-0"]
    assert found.memory_clock == 4266000000
    assert found.jetpack == "7"
    assert found.power_mode == "0"


def test_locked_clocks_are_not_warned_of(tmp_path: Path) -> None:
    assert list(board(tmp_path, XAVIER_NX).warnings()) == []


def test_clocks_that_are_not_locked_are_warned_of_with_the_command(tmp_path: Path) -> None:
    assert list(board(tmp_path, NANO).warnings()) == [
        "the clocks of this board are not locked (cpu0, 57000000.gpu), so timings follow the load; "
        "lock them with: sudo jetson_clocks."
    ]


def test_the_fastest_power_mode_is_named_by_its_own_number(tmp_path: Path) -> None:
    (warning,) = board(tmp_path, ORIN_NX).warnings()
    assert warning.endswith("sudo jetson_clocks (for the fastest power mode, first: sudo nvpmodel -m 0).")
    modes = "< POWER_MODEL ID=0 NAME=15W >\n< POWER_MODEL ID=1 NAME=25W >\n< POWER_MODEL ID=2 NAME=MAXN_SUPER >\n"
    (warning,) = board(tmp_path, {"etc/nvpmodel.conf": modes, "var/lib/nvpmodel/status": "pmode:0001"}).warnings()
    assert warning.endswith("sudo nvpmodel -m 2).")


def test_what_the_boards_own_command_leaves_loose_is_locked_by_hand(tmp_path: Path) -> None:
    (warning,) = board(tmp_path, THOR).warnings()
    assert warning.endswith("lock them with: echo 1575000000 | sudo tee /sys/class/devfreq/gpu-gpc-0/min_freq.")


@pytest.mark.parametrize("name", BOARDS)
def test_a_missing_or_unreadable_file_is_no_error(tmp_path: Path, name: str) -> None:
    root = a_computer(tmp_path, BOARDS[name])
    for place, text in BOARDS[name].items():
        for content in ("", "no\0thing", None):
            (root / place).unlink(missing_ok=True)
            if content is not None:
                (root / place).write_text(content)
            host = describe_host(root)
            assert host.name
            assert all(host.details.values())
            (root / place).write_text(text)


def test_folders_in_the_place_of_files_are_no_error(tmp_path: Path) -> None:
    for place in NANO:
        (tmp_path / place).mkdir(parents=True)
    assert describe_jetson(tmp_path) is None


def test_a_board_of_another_maker_is_no_jetson(tmp_path: Path) -> None:
    other = {"proc/device-tree/model": "Raspberry Pi 5 Model B\0", "proc/device-tree/compatible": "raspberrypi,5-model-b\0"}
    assert describe_jetson(a_computer(tmp_path, other)) is None
    assert describe_host(tmp_path).warnings == ()


def test_a_container_that_sees_only_the_device_tree_still_tells_the_board(tmp_path: Path) -> None:
    seen = {place: text for place, text in ORIN_NX.items() if place.startswith("proc/")}
    found = board(tmp_path, seen)
    assert (found.model, found.chip) == ("NVIDIA Jetson Orin NX Engineering Reference Developer Kit", "tegra234")
    assert found.details().keys() == {"chip", "clock_memory", "free_memory"}


def test_the_host_is_named_with_its_power_mode_and_warns(tmp_path: Path) -> None:
    host = describe_host(a_computer(tmp_path, ORIN_NX))
    assert host.name == "nvidia-jetson-orin-nx-engineering-reference-developer-kit-cortex-a78ae-8cpu-25w"
    assert host.details["power_mode"] == "25W"
    assert len(host.warnings) == 1


def test_another_power_mode_is_another_device_and_a_warmer_day_is_not(tmp_path: Path) -> None:
    name = describe_host(a_computer(tmp_path, NANO)).name
    a_computer(tmp_path, {"sys/class/thermal/thermal_zone1/temp": "71000\n", "proc/meminfo": "MemAvailable: 1 kB\n"})
    assert describe_host(tmp_path).name == name
    a_computer(tmp_path, {"var/lib/nvpmodel/status": "pmode:0001\n", "proc/cpuinfo": cpuinfo(2, "0x41", "0xd07")})
    assert describe_host(tmp_path).name == "nvidia-jetson-nano-developer-kit-cortex-a57-2cpu-5w"


def test_free_memory_is_in_bytes(tmp_path: Path) -> None:
    assert free_memory(a_computer(tmp_path, NANO)) == 2417360 * 1024
    assert free_memory(tmp_path / "nowhere") is None


def test_power_modes_are_read_by_their_numbers() -> None:
    assert power_modes(NANO["etc/nvpmodel.conf"]) == {0: "MAXN", 1: "5W"}
    assert power_modes("# < POWER_MODEL ID=7 NAME=OLD >\n") == {}
