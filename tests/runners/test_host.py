"""Computers are recognised from what Linux tells about them."""

from pathlib import Path

import pytest

from blackthorn.runners.host import describe_host, parse_cpuinfo, processor_name, signature, slug
from tests.runners.boards import NANO, a_computer

XEON = """\
processor	: 0
vendor_id	: GenuineIntel
cpu family	: 6
model		: 143
model name	: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
stepping	: 8
cpu MHz		: 2699.998
flags		: fpu sse4_2 avx avx2 fma hypervisor avx512f avx512_vnni amx_tile

processor	: 1
vendor_id	: GenuineIntel
cpu family	: 6
model		: 143
model name	: Intel(R) Xeon(R) Platinum 8481C CPU @ 2.70GHz
stepping	: 8
cpu MHz		: 2699.998
flags		: fpu sse4_2 avx avx2 fma hypervisor avx512f avx512_vnni amx_tile

"""

TX2_PARTS = (("0x41", "0xd07"), ("0x4e", "0x003"))
TX2 = "".join(
    f"processor\t: {cpu}\nCPU implementer\t: {implementer}\nCPU part\t: {part}\n\n"
    for cpu, (implementer, part) in enumerate(TX2_PARTS)
)


@pytest.fixture
def xeon(tmp_path: Path) -> Path:
    cpu = "sys/devices/system/cpu/cpu0"
    return a_computer(
        tmp_path,
        {
            "proc/cpuinfo": XEON,
            "proc/meminfo": "MemTotal:       24684084 kB\nMemFree:        1 kB\n",
            "proc/sys/kernel/osrelease": "6.1.0-18\n",
            "etc/os-release": 'NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\n',
            f"{cpu}/cache/index0/level": "1\n",
            f"{cpu}/cache/index0/type": "Data\n",
            f"{cpu}/cache/index0/size": "48K\n",
            f"{cpu}/cache/index2/level": "2\n",
            f"{cpu}/cache/index2/type": "Unified\n",
            f"{cpu}/cache/index2/size": "2048K\n",
            f"{cpu}/cpufreq/scaling_governor": "performance\n",
            f"{cpu}/cpufreq/scaling_max_freq": "3500000\n",
        },
    )


@pytest.fixture
def nano(tmp_path: Path) -> Path:
    told = ("proc/cpuinfo", "proc/device-tree/model")
    return a_computer(tmp_path, {place: NANO[place] for place in told})


def test_an_x86_server_is_named_by_model_and_signature(xeon: Path) -> None:
    assert describe_host(xeon).name == "intel-xeon-platinum-8481c-6-143-8-2cpu"


def test_what_matters_of_a_server_is_told(xeon: Path) -> None:
    details = describe_host(xeon).details
    assert details["instructions"] == "sse4_2 avx avx2 fma avx512f avx512_vnni amx_tile"
    assert details["caches"] == "L1d 48K, L2 2048K"
    assert details["governor"] == "performance"
    assert details["highest_khz"] == "3500000"
    assert details["nominal_mhz"] == "2699.998"
    assert details["memory"] == "24684084 kB"
    assert details["virtual"] == "yes"
    assert details["system"] == "Debian GNU/Linux 12 (bookworm), kernel 6.1.0-18"


def test_a_board_is_named_by_itself_and_its_cores(nano: Path) -> None:
    host = describe_host(nano)
    assert host.name == "nvidia-jetson-nano-developer-kit-cortex-a57-4cpu"
    assert host.hardware == "NVIDIA Jetson Nano Developer Kit, Cortex-A57, 4 CPUs"


def test_what_a_board_does_not_tell_is_left_out(nano: Path) -> None:
    details = describe_host(nano).details
    assert details.keys() == {"system", "machine", "cpus"}


def test_clocks_and_memory_do_not_change_the_name(xeon: Path) -> None:
    before = describe_host(xeon)
    a_computer(
        xeon, {"proc/meminfo": "MemTotal: 1 kB\n", "proc/cpuinfo": XEON.replace("cpu MHz\t\t: 2699.998", "cpu MHz\t\t: 800.0")}
    )
    after = describe_host(xeon)
    assert after.name == before.name
    assert after.details != before.details


def test_cores_of_several_kinds_are_all_named() -> None:
    assert processor_name(parse_cpuinfo(TX2)) == "Cortex-A57 + Denver 2"


def test_an_unknown_core_is_named_by_its_numbers() -> None:
    assert processor_name(parse_cpuinfo("processor: 0\nCPU implementer: 0x61\nCPU part: 0x999\n")) == "Arm 0x61 0x999"


def test_a_computer_that_tells_nothing_has_a_name(tmp_path: Path) -> None:
    host = describe_host(tmp_path)
    assert host.name
    assert host.name == slug(host.name)


def test_an_unreadable_file_is_as_none(tmp_path: Path) -> None:
    (tmp_path / "proc/cpuinfo").mkdir(parents=True)
    assert describe_host(tmp_path).name == describe_host(tmp_path / "nowhere").name


def test_hardware_without_a_signature_has_an_empty_one() -> None:
    assert signature(parse_cpuinfo(NANO["proc/cpuinfo"])) == ""
    assert signature([]) == ""


def test_no_caches_are_no_text(tmp_path: Path) -> None:
    assert "caches" not in describe_host(tmp_path).details


def test_the_computer_at_hand_is_the_same_twice() -> None:
    assert describe_host().name == describe_host().name
