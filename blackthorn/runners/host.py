"""What the computer is: its processor, caches, clocks and memory, as a short name and as details to keep beside timings.

Linux tells all of it in files; elsewhere only what Python knows is told. The short name holds what tells processors apart
(cloud hosts hide the model's name, so family, model and stepping are in it) and nothing that changes from day to day, but for
the power mode of a Jetson: it takes cores and half of the clock away, which makes another device of the same board.
"""

import os
import platform
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

from blackthorn.runners.jetson import Jetson, describe_jetson
from blackthorn.runners.processor_caches import processor_caches
from blackthorn.runners.system_files import ROOT, read_text

UNTELLING = re.compile(r"\((?:r|tm)\)|\bcpu\b|\bprocessor\b|@.*|\b\d+-core\b", re.IGNORECASE)
"""Parts of a processor's name that tell nothing: marks, the nominal clock, the number of cores."""
TELLING_FLAGS = (
    "sse4_2",
    "avx",
    "avx2",
    "fma",
    "f16c",
    "avx_vnni",
    "avx512f",
    "avx512bw",
    "avx512_vnni",
    "avx512_bf16",
    "avx512_fp16",
    "amx_tile",
    "amx_bf16",
    "amx_int8",
    "asimd",
    "asimdhp",
    "asimddp",
    "i8mm",
    "bf16",
    "sve",
    "sve2",
    "sme",
)
"""Instruction sets that neural-network kernels choose by, as Linux spells them for x86 and for aarch64."""
ARM_PARTS = {
    ("0x41", "0xd03"): "Cortex-A53",
    ("0x41", "0xd04"): "Cortex-A35",
    ("0x41", "0xd05"): "Cortex-A55",
    ("0x41", "0xd07"): "Cortex-A57",
    ("0x41", "0xd08"): "Cortex-A72",
    ("0x41", "0xd09"): "Cortex-A73",
    ("0x41", "0xd0a"): "Cortex-A75",
    ("0x41", "0xd0b"): "Cortex-A76",
    ("0x41", "0xd0c"): "Neoverse-N1",
    ("0x41", "0xd40"): "Neoverse-V1",
    ("0x41", "0xd42"): "Cortex-A78AE",
    ("0x41", "0xd49"): "Neoverse-N2",
    ("0x41", "0xd4f"): "Neoverse-V2",
    ("0x4e", "0x003"): "Denver 2",
    ("0x4e", "0x004"): "Carmel",
}
"""Arm cores by (implementer, part), from Arm's and NVIDIA's reference manuals (MIDR_EL1)."""

Entry = Mapping[str, str]


class Host(msgspec.Struct, frozen=True):
    """A computer.

    Attributes:
        name: for names of devices and files: lower case, digits and hyphens.
        hardware: for people.
        details: what was found, by name; absent where the system does not tell.
        warnings: what makes timings here unsteady, each a sentence that ends in the remedy.
    """

    name: str
    hardware: str
    details: dict[str, str]
    warnings: tuple[str, ...] = ()


def describe_host(root: Path = ROOT) -> Host:
    """The computer at hand, from the system's files below `root`."""
    entries = parse_cpuinfo(read_text(root / "proc/cpuinfo") or "")
    cpus = len(entries) or os.cpu_count() or 1
    board = read_text(root / "proc/device-tree/model") or ""
    processor = processor_name(entries) or platform.processor() or platform.machine() or "unknown processor"
    hardware = ", ".join(part for part in (board, processor, f"{cpus} CPUs") if part)
    jetson = describe_jetson(root)
    mode = "" if jetson is None else jetson.power_mode
    name = slug(" ".join([board, UNTELLING.sub(" ", processor), signature(entries), f"{cpus}cpu", mode]))
    return Host(name, hardware, _details(root, entries, jetson), () if jetson is None else tuple(jetson.warnings()))


def slug(text: str) -> str:
    """A text in lower case, everything but letters and digits turned into single hyphens."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def parse_cpuinfo(text: str) -> list[Entry]:
    """The CPUs of /proc/cpuinfo, each as its fields; what is told once for all of them (old Arm kernels) is left out."""
    entries: list[Entry] = []
    for block in text.split("\n\n"):
        pairs = (line.split(":", 1) for line in block.splitlines() if ":" in line)
        fields = {key.strip(): value.strip() for key, value in pairs}
        if "processor" in fields:
            entries.append(fields)
    return entries


def processor_name(entries: Sequence[Entry]) -> str:
    """The processor's name; on Arm the names of its kinds of core; empty where the CPUs tell none."""
    if any("CPU part" in entry for entry in entries):
        return " + ".join(sorted({_arm_core(entry) for entry in entries if "CPU part" in entry}))
    return entries[0].get("model name", "") if entries else ""


def signature(entries: Sequence[Entry]) -> str:
    """Family, model and stepping of an x86 processor, such as `6-143-8`; empty for others."""
    if not entries or "cpu family" not in entries[0]:
        return ""
    return "-".join(entries[0].get(key, "0") for key in ("cpu family", "model", "stepping"))


def _arm_core(entry: Entry) -> str:
    """An Arm core by name, or by its numbers where the name is not known."""
    key = (entry.get("CPU implementer", ""), entry["CPU part"])
    return ARM_PARTS.get(key, f"Arm {key[0]} {key[1]}".replace("  ", " "))


def _details(root: Path, entries: Sequence[Entry], jetson: Jetson | None) -> dict[str, str]:
    """Everything beside the name, absent where the system does not tell."""
    clocks = root / "sys/devices/system/cpu/cpu0/cpufreq"
    found = {
        "system": _system(root),
        "machine": platform.machine(),
        "cpus": str(len(entries) or ""),
        "instructions": _instructions(entries),
        "caches": _caches(root),
        "governor": read_text(clocks / "scaling_governor"),
        "lowest_khz": read_text(clocks / "scaling_min_freq"),
        "highest_khz": read_text(clocks / "scaling_max_freq"),
        "nominal_mhz": entries[0].get("cpu MHz") if entries else None,
        "memory": _memory(read_text(root / "proc/meminfo") or ""),
        "virtual": "yes" if entries and "hypervisor" in entries[0].get("flags", "").split() else None,
        **({} if jetson is None else jetson.details()),
    }
    return {name: value for name, value in found.items() if value}


def _instructions(entries: Sequence[Entry]) -> str:
    """The telling instruction sets of the first CPU."""
    flags = (entries[0].get("flags") or entries[0].get("Features") or "").split() if entries else []
    return " ".join(flag for flag in TELLING_FLAGS if flag in flags)


def _caches(root: Path) -> str:
    """The caches that one CPU sees, such as `L1d 48K, L1i 32K, L2 2048K`."""
    letters = {"Data": "d", "Instruction": "i"}
    return ", ".join(f"L{cache.level}{letters.get(cache.kind, '')} {cache.size}" for cache in processor_caches(root))


def _system(root: Path) -> str:
    """The operating system and its kernel."""
    pretty = re.search(r'^PRETTY_NAME="?([^"\n]*)', read_text(root / "etc/os-release") or "", re.MULTILINE)
    kernel = read_text(root / "proc/sys/kernel/osrelease") or platform.release()
    return f"{pretty.group(1) if pretty else platform.system()}, kernel {kernel}"


def _memory(meminfo: str) -> str:
    """All memory, such as `4051772 kB`."""
    total = re.search(r"^MemTotal:\s*(.+)$", meminfo, re.MULTILINE)
    return total.group(1) if total else ""
