"""The back ends, found by name; other packages add theirs through the entry point group `blackthorn.runners`.

A back end's module is imported when it is asked for, and what a back end needs is imported when it runs.
"""

from collections.abc import Mapping
from importlib.metadata import EntryPoint, entry_points
from types import MappingProxyType

from blackthorn.errors import UnknownName
from blackthorn.onnx_graph import Fusions
from blackthorn.records import Device
from blackthorn.runners.base import CallTimes, LoadedProbe, Runner

GROUP = "blackthorn.runners"
_BUILT_IN: Mapping[str, str] = MappingProxyType(
    {
        "onnxruntime": "blackthorn.runners.onnxruntime:OnnxRuntimeRunner",
        "recorded": "blackthorn.runners.recorded:RecordedRunner",
        "simulated": "blackthorn.runners.simulated:SimulatedRunner",
        "trtexec": "blackthorn.runners.trtexec:TrtexecRunner",
    }
)
_PUBLISHED: Mapping[str, str] = MappingProxyType(
    dict.fromkeys(("tensorrt", "tensorrt_rtx", "trtexec"), "blackthorn.runners.trt_fusions:TENSORRT_FUSIONS")
)
"""Where to find what runtimes make of networks whose timings other tools took, so that no back end here speaks for them."""

__all__ = ["CallTimes", "LoadedProbe", "Runner", "fusions_on", "runner_class", "runner_classes"]


def runner_class(name: str) -> type[Runner]:
    """The back end of that name.

    Raises:
        UnknownName: there is none.
    """
    known = _entries()
    if name not in known:
        raise UnknownName("runner", name, known)
    return _load(known[name])


def fusions_on(device: Device) -> Fusions | None:
    """What the runner that timed a device makes of a network; None where that runner is not known or makes nothing of it."""
    entry = _entries().get(device.runner)
    if entry is not None:
        return _load(entry).fusions(device)
    place = _PUBLISHED.get(device.runner)
    if place is None:
        return None
    fusions: Fusions = EntryPoint(device.runner, place, GROUP).load()
    return fusions


def runner_classes() -> Mapping[str, type[Runner]]:
    """Every back end by its name: the built-in ones, then those of installed packages."""
    return MappingProxyType({name: _load(entry) for name, entry in _entries().items()})


def _entries() -> dict[str, EntryPoint]:
    """Where to find each back end; a package cannot take the place of a built-in one."""
    known = {name: EntryPoint(name, place, GROUP) for name, place in _BUILT_IN.items()}
    for entry in entry_points(group=GROUP):
        known.setdefault(entry.name, entry)
    return known


def _load(entry: EntryPoint) -> type[Runner]:
    """The class that an entry point names."""
    found: type[Runner] = entry.load()
    return found
