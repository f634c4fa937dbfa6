"""What an engine runs, as its inspector tells it, and what single layers of it take, as its profiler tells it.

The profiler puts an event between any two layers, so that every layer is told as longer than it is: by 2 to 3 us. The whole
call is timed without it as well, and from what all layers together have too much follows what each has.
"""

import math
import re
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

import msgspec

from blackthorn.errors import NotMeasured
from blackthorn.units import MS_PER_SECOND

_MARKED = re.compile(r"\[ONNX Layer: (.*?)\](?=[\x1e\x1f]|\[ONNX Layer: |$)", re.DOTALL)
"""How the inspector tells nodes of the file, control characters between them."""
_JOINTS = re.compile(r" \+ | \|\| |PWN\(|\{ForeignNode\[|\.\.\.|, |\)|\]\}")
"""What stands between names of nodes in names of layers, such as `Conv_12 + PWN(PWN(Sigmoid_13), Mul_14)`."""


class EngineLayer(NamedTuple):
    """What runs in one go: its name, its type, and the nodes of the file that became it."""

    name: str
    operator: str
    nodes: tuple[str, ...]


class LayerTime(NamedTuple):
    """What the profiler told of a layer in one call."""

    name: str
    seconds: float


class _Inspected(msgspec.Struct):
    """What is read of a layer; older versions tell no metadata."""

    Name: str
    LayerType: str = ""
    Metadata: str = ""


class _Information(msgspec.Struct):
    """What is read of the inspector's text."""

    Layers: list[_Inspected | str]


def engine_layers(information: str, known: Collection[str]) -> tuple[EngineLayer, ...]:
    """The layers of an engine.

    Args:
        information: what its inspector tells in JSON.
        known: names of the file's nodes, to find them in names of layers where nothing else tells them.

    Raises:
        NotMeasured: it is no such text.
    """
    try:
        told = msgspec.json.decode(information, type=_Information)
    except msgspec.DecodeError as error:
        raise NotMeasured(f"TensorRT's engine inspector tells no layers ({error})", "leave this point out") from error
    entries = [entry if isinstance(entry, _Inspected) else _Inspected(entry) for entry in told.Layers]
    return tuple(_layer(entry, frozenset(known)) for entry in entries)


def nodes_named(name: str, metadata: str = "") -> tuple[str, ...]:
    """The nodes that became a layer, in order: by its metadata, or, before TensorRT 8.6, by what its name is made of.

    A layer that is none of the file's gives parts of a name that no node has.
    """
    return tuple(dict.fromkeys(_MARKED.findall(metadata) or filter(None, _JOINTS.split(name))))


def _layer(entry: _Inspected, known: frozenset[str]) -> EngineLayer:
    nodes = nodes_named(entry.Name, entry.Metadata)
    told = nodes if entry.Metadata else tuple(node for node in nodes if node in known)
    return EngineLayer(entry.Name, entry.LayerType or entry.Name, told)


def profile_receiver(base: Any, times: list[LayerTime]) -> Any:
    """What TensorRT calls with the time of every layer; `times` grows by a call's layers each time.

    Args:
        base: the library's `IProfiler`.
        times: where to put them.
    """

    class Receiver(base):  # type: ignore[misc]
        def __init__(self) -> None:
            base.__init__(self)

        def report_layer_time(self, layer_name: str, ms: float) -> None:
            """Keep one."""
            times.append(LayerTime(layer_name, ms / MS_PER_SECOND))

    return Receiver()


def without_profiler(times: Sequence[LayerTime], whole: float) -> list[LayerTime]:
    """The layers of a call without what the profiler adds to each.

    Args:
        times: what it told.
        whole: seconds of a call without it.
    """
    if not times:
        return []
    share = max(math.fsum(layer.seconds for layer in times) - whole, 0.0) / len(times)
    return [LayerTime(layer.name, max(layer.seconds - share, 0.0)) for layer in times]


def part_of_call(times: Sequence[LayerTime], is_meant: Callable[[str], bool]) -> float:
    """The fraction of all layers' time that some of them take.

    Args:
        times: the layers of one call or of several.
        is_meant: whether a layer of that name is one of them.
    """
    everything = math.fsum(layer.seconds for layer in times)
    return math.fsum(layer.seconds for layer in times if is_meant(layer.name)) / everything if everything else 0.0
