"""What trtexec prints about the GPU, its version, and how it timed."""

import re
from collections.abc import Mapping

LOG_LINE = re.compile(r"(?:\[[^\]]*\] )*\[I\] (?P<name>[^:]+): (?P<value>.*)")
VERSION = re.compile(r"TensorRT\.trtexec \[TensorRT v(?P<number>\d{4,6})\]")
SELECTED = "Selected Device"
RECORDED = ("Compute Capability", "SMs", "Device Global Memory", "Memory Bus Width")
CLOCKS = ("Compute Clock Rate", "Memory Clock Rate")
"""Clocks as older versions call them; newer ones put `Application` before."""
SETTINGS = ("CUDA Graph", "Spin-wait", "Data transfers", "Precision")
"""How it was timed, which decides what times mean."""


def told_by(log: str) -> dict[str, str]:
    """What a log says line by line, `NAME: VALUE`."""
    return {match["name"].strip(): match["value"].strip() for match in map(LOG_LINE.fullmatch, log.splitlines()) if match}


def version_told_by(log: str) -> str:
    """The version of TensorRT, such as `10.6.0`; empty where the log does not begin with it."""
    found = VERSION.search(log)
    return version_text(found["number"]) if found else ""


def version_text(number: str) -> str:
    """`10.6.0` of `100600`, `8.5.2` of `8502`: the last two digits are the patch; before version 10 one digit is the minor."""
    if len(number) > 4:
        return f"{int(number[:-4])}.{int(number[-4:-2])}.{int(number[-2:])}"
    return f"{int(number[0])}.{int(number[1])}.{int(number[2:])}"


def details_of(told: Mapping[str, str]) -> dict[str, str]:
    """Of what a log says, what is kept beside timings."""
    clocks = [name for name in told if name.removeprefix("Application ") in CLOCKS]
    names = (*RECORDED, *clocks, *SETTINGS)
    return {name.lower().replace(" ", "_").replace("-", "_"): told[name] for name in names if told.get(name)}
