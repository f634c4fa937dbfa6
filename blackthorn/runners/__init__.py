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
        "tensorrt": "blackthorn.runners.tensorrt:TensorRtRunner",
        "tensorrt_rtx": "blackthorn.runners.tensorrt:TensorRtRtxRunner",
        "trtexec": "blackthorn.runners.trtexec:TrtexecRunner",
    }
)

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
    return None if entry is None else _load(entry).fusions(device)


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
