"""The files that trtexec writes while it times: what every call took, and which share of that is the layer's own."""

import math
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from blackthorn.errors import NotMeasured
from blackthorn.runners.trt_layers import nodes_named
from blackthorn.units import MS_PER_SECOND

NODE = "layer0"
"""The node of a probe that holds its first layer."""

ContentT = TypeVar("ContentT")


class _Call(msgspec.Struct, frozen=True, rename="camel"):
    start_compute_ms: float
    compute_ms: float


class _Profiled(msgspec.Struct, frozen=True, rename="camel"):
    name: str = ""
    average_ms: float = 0.0


class _Described(msgspec.Struct, frozen=True, rename="pascal"):
    name: str
    metadata: str = ""


class _Description(msgspec.Struct, frozen=True, rename="pascal"):
    layers: tuple[_Described | str, ...] = ()


def read_calls(path: Path, warm_up_ms: float, title: str) -> list[float]:
    """Seconds of the GPU in every call, in order, those left out that began while it warmed up.

    Raises:
        NotMeasured: the file is not there or damaged, or holds no such call.
    """
    calls = _decoded(path, tuple[_Call, ...], title)
    seconds = [call.compute_ms / MS_PER_SECOND for call in calls if call.start_compute_ms >= warm_up_ms]
    if not seconds or not all(0.0 < each < math.inf for each in seconds):
        raise NotMeasured(f"trtexec timed no call of {title}", "run the sweep with -vv to see all that trtexec said")
    return seconds


def own_share(profile: Path, description: Path, title: str) -> float:
    """Which share of all layers' time is that of the probe's own layer; the others copy its input or read its output.

    Raises:
        NotMeasured: the files are not there or damaged, or TensorRT ran nothing that is named after the layer.
    """
    timed = [layer for layer in _decoded(profile, tuple[_Profiled, ...], title) if layer.name]
    described = _decoded(description, _Description, title).layers
    own = {layer.name for layer in described if isinstance(layer, _Described) and NODE in nodes_named("", layer.metadata)}
    total = math.fsum(layer.average_ms for layer in timed)
    mine = math.fsum(layer.average_ms for layer in timed if layer.name in own or NODE in nodes_named(layer.name))
    if not 0.0 < mine <= total:
        ran = ", ".join(layer.name for layer in timed) or "nothing"
        raise NotMeasured(f"TensorRT ran {title} as {ran}, none of which is named after the layer", "leave this point out")
    return mine / total


def _decoded(path: Path, kind: type[ContentT], title: str) -> ContentT:
    try:
        content: Any = msgspec.json.decode(path.read_bytes(), type=kind)
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        problem = f"trtexec did not write what it was asked for about {title} ({path.suffixes[0][1:]})"
        raise NotMeasured(problem, "run the sweep with -vv to see all that trtexec said") from error
    found: ContentT = content
    return found
