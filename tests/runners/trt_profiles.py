"""What trtexec wrote of networks on a GPU: the layers of the engine, and how long each took."""

import json
from pathlib import Path
from typing import NamedTuple

FOLDER = Path(__file__).parents[3] / "shared" / "data" / "tensorrt_profiles_rtx3060"
"""Beside the checkout, where there is one."""
MARK = "[ONNX Layer: "


class Profiled(NamedTuple):
    """A layer of an engine: its type, the nodes of the ONNX file that became it, in order, and its mean seconds."""

    type: str
    nodes: tuple[str, ...]
    seconds: float


def profiled(name: str) -> list[Profiled]:
    """The layers of a network in the order in which they ran."""
    layers = json.loads((FOLDER / f"{name}.graph.json").read_text())["Layers"]
    _, *timed = json.loads((FOLDER / f"{name}.profile.json").read_text())
    assert [layer["Name"] for layer in layers] == [layer["name"] for layer in timed]
    return [
        Profiled(layer["LayerType"], _nodes(layer["Metadata"]), time["averageMs"] / 1e3)
        for layer, time in zip(layers, timed, strict=True)
    ]


def run_seconds(name: str) -> float:
    """The mean seconds of a run, by the sums over all runs that the file keeps."""
    counted, *timed = json.loads((FOLDER / f"{name}.profile.json").read_text())
    return float(sum(layer["timeMs"] for layer in timed) / counted["count"] / 1e3)


def _nodes(metadata: str) -> tuple[str, ...]:
    """The names in `[ONNX Layer: a]..[ONNX Layer: b]`, a control character between them."""
    return tuple(part.split("]")[0] for part in metadata.split(MARK)[1:])
