"""What three Jetsons tell in their files, cut down to what is read, and folders that hold such files.

Names, limits and spellings are those of NVIDIA's Jetson Linux Developer Guide and of listings of such boards.
"""

from collections.abc import Mapping
from pathlib import Path

Files = Mapping[str, str]

CPUFREQ = "sys/devices/system/cpu/cpufreq"
DEVFREQ = "sys/class/devfreq"
THERMAL = "sys/class/thermal"


def a_computer(folder: Path, files: Files) -> Path:
    """A root folder that holds these files."""
    for place, text in files.items():
        path = folder / place
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder


def a_clock(place: str, pattern: str, lowest: int, highest: int, now: int) -> dict[str, str]:
    """The three files of a clock."""
    return {
        f"{place}/{pattern.format(which)}": f"{rate}\n" for which, rate in (("min", lowest), ("max", highest), ("cur", now))
    }


def cpu(policy: int, lowest: int, highest: int, now: int) -> dict[str, str]:
    """A cluster of processors, in kHz."""
    return a_clock(f"{CPUFREQ}/policy{policy}", "scaling_{}_freq", lowest, highest, now)


def gpu(name: str, lowest: int, highest: int, now: int) -> dict[str, str]:
    """A devfreq device, in Hz."""
    return a_clock(f"{DEVFREQ}/{name}", "{}_freq", lowest, highest, now)


def zones(**temperatures: str) -> dict[str, str]:
    """Sensors by the files that they fill; one without a text cannot be read."""
    files: dict[str, str] = {}
    for index, (name, text) in enumerate(temperatures.items()):
        files[f"{THERMAL}/thermal_zone{index}/type"] = name.replace("_", "-") + "\n"
        files |= {f"{THERMAL}/thermal_zone{index}/temp": text + "\n"} if text else {}
    return files


def cooling(**states: int) -> dict[str, str]:
    """Cooling devices by their states."""
    files: dict[str, str] = {}
    for index, (name, state) in enumerate(states.items()):
        files[f"{THERMAL}/cooling_device{index}/type"] = name.replace("_", "-") + "\n"
        files[f"{THERMAL}/cooling_device{index}/cur_state"] = f"{state}\n"
    return files


def cpuinfo(cpus: int, implementer: str, part: str) -> str:
    """As many equal Arm cores."""
    return "".join(f"processor\t: {n}\nCPU implementer\t: {implementer}\nCPU part\t: {part}\n\n" for n in range(cpus))


NANO: Files = {
    "proc/device-tree/model": "NVIDIA Jetson Nano Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,p3449-0000-b00+p3448-0000-b00\0nvidia,jetson-nano\0nvidia,tegra210\0",
    "proc/cpuinfo": cpuinfo(4, "0x41", "0xd07"),
    "proc/meminfo": "MemTotal:        4059256 kB\nMemFree:          871340 kB\nMemAvailable:    2417360 kB\n",
    "etc/nv_tegra_release": (
        "# R32 (release), REVISION: 7.1, GCID: 29818004, BOARD: t210ref, EABI: aarch64, DATE: Sat Feb 19 17:05:08 UTC 2022\n"
    ),
    "etc/nvpmodel.conf": (
        "# MAXN is the NONE power model to release all constraints\n"
        "< POWER_MODEL ID=0 NAME=MAXN >\nCPU_ONLINE CORE_0 1\nGPU MAX_FREQ -1\n\n"
        "< POWER_MODEL ID=1 NAME=5W >\nCPU_ONLINE CORE_2 0\nGPU MAX_FREQ 640000000\n\n< PM_CONFIG DEFAULT=0 >\n"
    ),
    "var/lib/nvpmodel/status": "pmode:0000\n",
    **cpu(0, 102000, 1479000, 921600),
    **gpu("57000000.gpu", 76800000, 921600000, 76800000),
    **zones(AO_therm="41500", CPU_therm="33000", GPU_therm="31500", thermal_fan_est="32250"),
    **cooling(pwm_fan=2, gpu_throttle_alert=0),
    "sys/kernel/debug/clk/override.emc/clk_rate": "1600000000\n",
}
"""A Jetson Nano with JetPack 4 as it starts, read by root."""

XAVIER_NX: Files = {
    "proc/device-tree/model": "NVIDIA Jetson Xavier NX Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,p3449-0000+p3668-0000\0nvidia,p3509-0000+p3668-0000\0nvidia,tegra194\0",
    "proc/cpuinfo": cpuinfo(6, "0x4e", "0x004"),
    "proc/meminfo": "MemTotal:        7028532 kB\nMemAvailable:    5242880 kB\n",
    "etc/nv_tegra_release": (
        "# R35 (release), REVISION: 4.1, GCID: 33958178, BOARD: t186ref, EABI: aarch64, DATE: Tue Aug  1 19:57:35 UTC 2023\n"
    ),
    "etc/nvpmodel.conf": "< POWER_MODEL ID=2 NAME=MODE_15W_6CORE >\n< POWER_MODEL ID=8 NAME=MODE_20W_6CORE >\n",
    "var/lib/nvpmodel/status": "pmode:0008\n",
    **cpu(0, 1420800, 1420800, 1420800),
    **cpu(2, 1420800, 1420800, 1420800),
    **cpu(4, 1420800, 1420800, 1420800),
    **gpu("17000000.gv11b", 1109250000, 1109250000, 1109250000),
    **gpu("13e10000.host1x", 153600000, 153600000, 153600000),
    **zones(CPU_therm="46000", GPU_therm="45500", PMIC_Die="50000"),
    **cooling(pwm_fan=3, cpu_throttle_alert=0, gpu_throttle_alert=0),
    "sys/class/hwmon/hwmon2/oc1_event_cnt": "4\n",
}
"""A Jetson Xavier NX with JetPack 5, its clocks locked, read by a user."""

ORIN_NX: Files = {
    "proc/device-tree/model": "NVIDIA Jetson Orin NX Engineering Reference Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,p3768-0000+p3767-0000\0nvidia,p3767-0000\0nvidia,tegra234\0",
    "proc/cpuinfo": cpuinfo(8, "0x41", "0xd42"),
    "proc/meminfo": "MemTotal:       15655436 kB\nMemAvailable:   11546632 kB\n",
    "etc/nv_tegra_release": (
        "# R36 (release), REVISION: 3.0, GCID: 36191598, BOARD: generic, EABI: aarch64, DATE: Mon May  6 17:34:21 UTC 2024\n"
        "# KERNEL_VARIANT: oot\nTARGET_USERSPACE_LIB_DIR=nvidia\n"
    ),
    "etc/nvpmodel.conf": (
        "< POWER_MODEL ID=0 NAME=MAXN >\n< POWER_MODEL ID=1 NAME=10W >\n"
        "< POWER_MODEL ID=2 NAME=15W >\n< POWER_MODEL ID=3 NAME=25W >\n"
    ),
    "var/lib/nvpmodel/status": "pmode:0003\n",
    "var/lib/dpkg/status": (
        "Package: nvidia-jetpack-runtime\nStatus: install ok installed\nVersion: 6.0+b106\n\n"
        "Package: nvidia-jetpack\nStatus: install ok installed\nArchitecture: arm64\nVersion: 6.0+b106\n"
        "Depends: nvidia-jetpack-runtime (= 6.0+b106)\n\nPackage: zlib1g\nVersion: 1:1.2.11\n"
    ),
    **cpu(0, 729600, 1497600, 729600),
    **cpu(4, 729600, 1497600, 1113600),
    **gpu("17000000.gpu", 306000000, 408000000, 0),
    **gpu("15340000.vic", 115200000, 729600000, 115200000),
    **zones(cpu_thermal="48812", gpu_thermal="", tj_thermal="49093"),
    **cooling(cpufreq_cpu0=0, devfreq_17000000_gpu=18, pwm_fan=1, cpu_throttle_alert=0, hot_surface_alert=0),
    "sys/class/hwmon/hwmon1/oc3_event_cnt": "0\n",
}
"""A Jetson Orin NX with JetPack 6 as it starts, its GPU asleep, read by a user."""

THOR: Files = {
    "proc/device-tree/model": "NVIDIA Jetson AGX Thor Developer Kit\0",
    "proc/device-tree/compatible": "nvidia,p3971-0089+p3834-0008\0nvidia,p3834-0008\0nvidia,tegra264\0",
    "etc/nv_tegra_release": "# R38 (release), REVISION: 2.0, GCID: 41844464, BOARD: generic, EABI: aarch64\n",
    "var/lib/nvpmodel/status": "pmode:0000\n",
    **cpu(0, 2601000, 2601000, 2601000),
    **gpu("gpu-gpc-0", 315000000, 1575000000, 1575000000),
    **gpu("gpu-nvd-0", 1692000000, 1692000000, 1692000000),
    **gpu("bwmgr", 4266000000, 4266000000, 4266000000),
}
"""A Jetson Thor with JetPack 7 after `jetson_clocks`, which leaves the GPU's lower limit as it was."""
