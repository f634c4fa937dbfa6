"""What an NVIDIA Jetson tells about itself: board, software, power mode, clocks and whether they are locked, temperatures.

All of it stands in files that anybody may read, but for the clock of the memory, which before Jetson Thor only root can read.
`jetson_clocks` locks a clock by setting its lower limit to its upper one, which the power mode (`nvpmodel`) sets. The GPU's
clock is a `devfreq` device whose name differs: 57000000.gpu (Nano), 17000000.gp10b (TX2), 17000000.gv11b (Xavier),
17000000.ga10b or 17000000.gpu (Orin, JetPack 5 and 6), gpu-gpc-0 and gpu-nvd-0 (Thor).

Sources: NVIDIA Jetson Linux Developer Guide, releases 32.7, 35.6 and 36.4, "Platform Power and Performance" and "Clocks".
"""

import re
from collections.abc import Iterator
from pathlib import Path

import msgspec

from blackthorn.runners.system_files import ROOT, found_below, read_number, read_text

GPU_CLOCK = re.compile(r"(gpu|gp10b|gv11b|ga10b)(-[a-z]+-\d+)?$")
"""How the names of devfreq devices end that are a GPU's clock."""
EMC_RATES = (
    "sys/class/devfreq/bwmgr/cur_freq",
    "sys/kernel/debug/bpmp/debug/clk/emc/rate",
    "sys/kernel/debug/clk/emc/clk_rate",
    "sys/kernel/debug/clk/override.emc/clk_rate",
)
"""Where the clock of the memory stands, in Hz: on Thor, on Orin, Xavier and TX2, and on Nano."""
ONLY_ROOT = "only root can read it"
JETPACKS = {28: "3", 32: "4", 34: "5", 35: "5", 36: "6", 38: "7"}
"""The JetPack that a major release of Jetson Linux belongs to."""
HZ_PER_KHZ, HZ_PER_MHZ = 1000, 1e6
MILLIDEGREES = 1000.0
"""A degree, as sensors count."""
LOCK = "sudo jetson_clocks"


class Clock(msgspec.Struct, frozen=True):
    """A clock that the system may change.

    Attributes:
        name: what it drives: `cpu0` with all that go with it, or the GPU's device.
        lowest, highest: how slow and how fast it may go, in Hz.
        now: how fast it goes, in Hz; None where that is not told, as of a part that sleeps.
    """

    name: str
    lowest: int
    highest: int
    now: int | None

    @property
    def is_locked(self) -> bool:
        """Whether it may go at one speed only."""
        return self.lowest == self.highest

    def text(self) -> str:
        """For people, such as `306 to 918 MHz, now 612 MHz`."""
        limits = f"{_mhz(self.highest)} MHz" if self.is_locked else f"{_mhz(self.lowest)} to {_mhz(self.highest)} MHz"
        return limits + ("" if self.now is None else f", now {_mhz(self.now)} MHz")


class Jetson(msgspec.Struct, frozen=True):
    """A board.

    Attributes:
        model: what it calls itself, such as `NVIDIA Jetson Nano Developer Kit`.
        chip: such as `tegra234`; empty where it is not told, as are the next three.
        release: of Jetson Linux (L4T), such as `36.3.0`.
        jetpack: exact where its package is installed, else the major version.
        power_mode: its name, or its number where the names are not told.
        modes: names of all power modes by their numbers.
        cpu_clocks: one for each cluster of processors.
        gpu_clocks: one, or several where parts of the GPU have their own.
        memory_clock: in Hz; None where only root can read it.
        temperatures: degrees Celsius by sensor.
        free_memory: bytes that can be had, of processors and GPU together; None where it is not told.
    """

    model: str
    chip: str
    release: str
    jetpack: str
    power_mode: str
    modes: dict[int, str]
    cpu_clocks: tuple[Clock, ...]
    gpu_clocks: tuple[Clock, ...]
    memory_clock: int | None
    temperatures: dict[str, float]
    free_memory: int | None

    @property
    def clocks(self) -> tuple[Clock, ...]:
        """Those of processors and GPU."""
        return self.cpu_clocks + self.gpu_clocks

    def details(self) -> dict[str, str]:
        """What to keep beside timings, as text by name; absent where the board does not tell."""
        found = {
            "chip": self.chip,
            "l4t": self.release,
            "jetpack": self.jetpack,
            "power_mode": self.power_mode,
            "clocks": _lock_text(self.clocks),
            **{f"clock_{clock.name}": clock.text() for clock in self.clocks},
            "clock_memory": ONLY_ROOT if self.memory_clock is None else f"{_mhz(self.memory_clock)} MHz",
            "temperatures": ", ".join(f"{name} {degrees:.1f} C" for name, degrees in self.temperatures.items()),
            "free_memory": "" if self.free_memory is None else f"{self.free_memory // 1024} kB",
        }
        return {name: value for name, value in found.items() if value}

    def warnings(self) -> Iterator[str]:
        """Sentences about clocks that are not locked, which ends in the command that locks them."""
        loose = [clock for clock in self.clocks if not clock.is_locked]
        if not loose:
            return
        names = ", ".join(clock.name for clock in loose)
        yield f"the clocks of this board are not locked ({names}), so timings follow the load; {_remedy(loose, self)}."


def describe_jetson(root: Path = ROOT) -> Jetson | None:
    """The board at hand, from the system's files below `root`; None where it is no Jetson."""
    compatible = (read_text(root / "proc/device-tree/compatible") or "").split("\0")
    chip = next((name.removeprefix("nvidia,") for name in compatible if name.startswith("nvidia,tegra")), "")
    release = _release(read_text(root / "etc/nv_tegra_release") or "")
    if not chip and not release:
        return None
    modes = power_modes(read_text(root / "etc/nvpmodel.conf") or "")
    return Jetson(
        model=read_text(root / "proc/device-tree/model") or "NVIDIA Jetson",
        chip=chip,
        release=release,
        jetpack=_jetpack(root, release),
        power_mode=_power_mode(read_text(root / "var/lib/nvpmodel/status") or "", modes),
        modes=modes,
        cpu_clocks=cpu_clocks(root),
        gpu_clocks=gpu_clocks(root),
        memory_clock=next((rate for rate in map(read_number, (root / place for place in EMC_RATES)) if rate), None),
        temperatures=_temperatures(root),
        free_memory=free_memory(root),
    )


def power_modes(configuration: str) -> dict[int, str]:
    """The power modes that nvpmodel.conf defines, in lines such as `< POWER_MODEL ID=0 NAME=MAXN >`."""
    found = re.findall(r"^<\s*POWER_MODEL\s+ID=(\d+)\s+NAME=(\S+?)\s*>", configuration, re.MULTILINE)
    return {int(number): name for number, name in found}


def cpu_clocks(root: Path = ROOT) -> tuple[Clock, ...]:
    """Those of processors, one for each cluster that shares a clock, which cpufreq calls a policy; on any Linux."""
    folders = found_below(root, "sys/devices/system/cpu/cpufreq/policy*")
    return tuple(
        clock
        for folder in folders
        for clock in _clock(folder.name.replace("policy", "cpu"), folder, "scaling_{}_freq", HZ_PER_KHZ)
    )


def gpu_clocks(root: Path = ROOT) -> tuple[Clock, ...]:
    """Those of a Jetson's GPU."""
    folders = [folder for folder in found_below(root, "sys/class/devfreq/*") if GPU_CLOCK.search(folder.name)]
    return tuple(clock for folder in folders for clock in _clock(folder.name, folder, "{}_freq", 1))


def free_memory(root: Path = ROOT) -> int | None:
    """Bytes that programs can still have; None where the system does not tell."""
    available = re.search(r"^MemAvailable:\s*(\d+) kB", read_text(root / "proc/meminfo") or "", re.MULTILINE)
    return int(available.group(1)) * 1024 if available else None


def _remedy(loose: list[Clock], board: Jetson) -> str:
    """How to lock clocks: on Thor, `jetson_clocks` leaves the GPU as it is."""
    if all(clock.is_locked for clock in board.cpu_clocks) and board.cpu_clocks:
        commands = (f"echo {clock.highest} | sudo tee {Path('/sys/class/devfreq', clock.name, 'min_freq')}" for clock in loose)
        return f"lock them with: {' && '.join(commands)}"
    fastest = [number for number, name in board.modes.items() if name.startswith("MAXN")]
    if fastest and not board.power_mode.startswith("MAXN"):
        return f"lock them with: {LOCK} (for the fastest power mode, first: sudo nvpmodel -m {fastest[-1]})"
    return f"lock them with: {LOCK}"


def _release(text: str) -> str:
    """The release in a line such as `# R36 (release), REVISION: 3.0, GCID: ...`; empty if there is none."""
    found = re.search(r"R(\d+) \(release\), REVISION: ([\d.]+)", text)
    return f"{found.group(1)}.{found.group(2)}" if found else ""


def _jetpack(root: Path, release: str) -> str:
    """The version of the package nvidia-jetpack without its build, or what goes with the release of Jetson Linux."""
    packages = read_text(root / "var/lib/dpkg/status") or ""
    entry = re.search(r"^Package: nvidia-jetpack\n(?:.+\n)*?Version: ([\d.]+)", packages, re.MULTILINE)
    return entry.group(1) if entry else JETPACKS.get(int(release.partition(".")[0] or 0), "")


def _power_mode(status: str, modes: dict[int, str]) -> str:
    """The mode in a line such as `pmode:0002`, by its name where that is known."""
    found = re.search(r"pmode:(\d+)", status)
    return modes.get(int(found.group(1)), str(int(found.group(1)))) if found else ""


def _clock(name: str, folder: Path, file: str, hertz: int) -> Iterator[Clock]:
    """A clock whose limits are told in files of that pattern, in so many hertz each; a part that sleeps has one of 0."""
    lowest, highest, now = (read_number(folder / file.format(which)) for which in ("min", "max", "cur"))
    if lowest is not None and highest is not None:
        yield Clock(name, lowest * hertz, highest * hertz, now * hertz if now else None)


def _temperatures(root: Path) -> dict[str, float]:
    """What the sensors say; those of parts that are switched off cannot be read."""
    found: dict[str, float] = {}
    for zone in found_below(root, "sys/class/thermal/thermal_zone*"):
        name, value = read_text(zone / "type"), read_number(zone / "temp")
        if name and value is not None:
            found[name.removesuffix("-thermal").removesuffix("-therm")] = value / MILLIDEGREES
    return found


def _lock_text(clocks: tuple[Clock, ...]) -> str:
    if not clocks:
        return ""
    return "locked" if all(clock.is_locked for clock in clocks) else "not locked"


def _mhz(rate: int) -> str:
    return f"{rate / HZ_PER_MHZ:.0f}"
