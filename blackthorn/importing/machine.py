"""What trtexec tells of the GPU: in its log, or in the JSON that NVIDIA's engine explorer makes of that."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from blackthorn.importing.decoding import decoded
from blackthorn.importing.imported import Machine

LOG_LINE = re.compile(r"(?:\[[^\]]*\] )*\[I\] (?P<name>[^:]+): (?P<value>.*)")
VERSION = re.compile(r"TensorRT\.trtexec \[TensorRT v(?P<number>\d{4,6})\]")
SELECTED = "Selected Device"
RECORDED = ("Compute Capability", "SMs", "Device Global Memory", "Memory Bus Width")
CLOCKS = ("Compute Clock Rate", "Memory Clock Rate")
"""Clocks as older versions call them; newer ones put `Application` before."""
SETTINGS = ("CUDA Graph", "Spin-wait", "Data transfers", "Precision")
"""How it was timed, which decides what times mean."""


def machine_of_log(text: str) -> Machine:
    """What a log of trtexec tells."""
    told = {match["name"].strip(): match["value"].strip() for match in map(LOG_LINE.fullmatch, text.splitlines()) if match}
    version = VERSION.search(text)
    return _machine(told, {"tensorrt": version_text(version["number"])} if version else {})


def machine_of_metadata(text: str, path: Path) -> Machine:
    """What the engine explorer's JSON of a log tells.

    Raises:
        BadFile: it is no JSON object.
    """
    sections = decoded(text, dict[str, Any], path, "what trtexec tells of a GPU")
    told = {
        str(name): str(value) for section in sections.values() if isinstance(section, dict) for name, value in section.items()
    }
    return _machine(told, {})


def version_text(number: str) -> str:
    """`10.6.0` of `100600`, `8.5.2` of `8502`: major, and two digits each of minor and patch, or one each up to version 8."""
    if len(number) > 4:
        return f"{int(number[:-4])}.{int(number[-4:-2])}.{int(number[-2:])}"
    return f"{int(number[0])}.{int(number[1])}.{int(number[2:])}"


def _machine(told: Mapping[str, str], versions: dict[str, str]) -> Machine:
    clocks = [name for name in told if name.removeprefix("Application ") in CLOCKS]
    names = (*RECORDED, *clocks, *SETTINGS)
    details = {name.lower().replace(" ", "_").replace("-", "_"): told[name] for name in names if told.get(name)}
    return Machine(told.get(SELECTED, ""), versions, details)
