"""Small files in the formats of trtexec, written by hand."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

HALF, EIGHT = "Row major linear FP16 format", "Thirty-two wide channel vectorized row major Int8 format"
FULL = "Row major linear FP32"


def tensor(*shape: int, form: str = HALF) -> dict[str, Any]:
    return {"Name": "t", "Location": "Device", "Dimensions": list(shape), "Format/Datatype": form}


def metadata(*nodes: str) -> str:
    return "\x1e".join(f"[ONNX Layer: {node}]" for node in nodes)


def convolution(*nodes: str, filters: int = 32, channels: int = 16, stride: int = 1, groups: int = 1, **changed: Any) -> Any:
    """A convolution of 3 x 3 over images of 28 x 28, in half precision unless `Inputs` and `Outputs` are changed."""
    size = 28 // stride
    return {
        "Name": " + ".join(nodes),
        "LayerType": "CaskConvolution",
        "Inputs": [tensor(1, channels, 28, 28)],
        "Outputs": [tensor(1, filters, size, size)],
        "ParameterType": "Convolution",
        "Kernel": [3, 3],
        "PrePadding": [1, 1],
        "PostPadding": [1, 1],
        "Stride": [stride] * 2,
        "Dilation": [1, 1],
        "OutMaps": filters,
        "Groups": groups,
        "Weights": {"Type": "Half", "Count": 9 * filters * channels // groups},
        "HasBias": 1,
        "Metadata": metadata(*nodes),
        **changed,
    }


def compiled(name: str, kind: str, inputs: Sequence[Any], output: Any, *nodes: str) -> Any:
    """A layer of TensorRT's second compiler, which tells shapes and nodes only."""
    return {"Name": name, "LayerType": kind, "Inputs": list(inputs), "Outputs": [output], "Metadata": metadata(*nodes)}


class Engine(NamedTuple):
    """The files of an engine."""

    profile: Path
    info: Path


def write_engine(folder: Path, layers: Sequence[Any], microseconds: Sequence[float], name: str = "net") -> Engine:
    """The files of an engine whose layers took so long, on average of 100 runs."""
    times = [
        {"name": layer["Name"], "timeMs": micro / 10, "averageMs": micro / 1e3, "medianMs": micro / 1e3, "percentage": 1.0}
        for layer, micro in zip(layers, microseconds, strict=True)
    ]
    engine = Engine(folder / f"{name}.profile.json", folder / f"{name}.layers.json")
    engine.profile.write_text(json.dumps([{"count": 100}, *times]))
    engine.info.write_text(json.dumps({"Layers": layers, "Bindings": ["input", "output"]}))
    return engine


LOG = """&&&& RUNNING TensorRT.trtexec [TensorRT v100600] [b26] # trtexec --onnx=net.onnx
[11/05/2024-12:00:00] [I] === Device Information ===
[11/05/2024-12:00:00] [I] Available Devices:
[11/05/2024-12:00:00] [I] Selected Device: Orin
[11/05/2024-12:00:00] [I] Compute Capability: 8.7
[11/05/2024-12:00:00] [I] Application Compute Clock Rate: 0.918 GHz
[11/05/2024-12:00:00] [I] CUDA Graph: Enabled
"""
